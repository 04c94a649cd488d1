import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libfiles.so")))
lib.file_open_missing.restype = ctypes.c_int


def show():
    if lib.file_open_missing() < 0:
        return ctypes.get_errno()
    return None
