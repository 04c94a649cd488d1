import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libworkers.so")))
python = ctypes.CDLL(None)
python.PyList_New.restype = ctypes.py_object


def show():
    return [python.PyList_New(lib.worker_count()) for _ in range(3)]
