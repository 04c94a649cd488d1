import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libevents.so")))
LISTENER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
lib.events_listen.argtypes = [LISTENER]
lib.events_listen.restype = None
lib.events_fire.argtypes = [ctypes.c_int]
lib.events_fire.restype = ctypes.c_int


def show():
    lib.events_listen(LISTENER(lambda number: number + 1))
    return lib.events_fire(3)
