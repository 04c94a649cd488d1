import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("liblabels.so")))
lib.label_new.argtypes = [ctypes.c_int]
lib.label_new.restype = ctypes.c_void_p
lib.label_number.argtypes = [ctypes.c_void_p]
lib.label_number.restype = ctypes.c_int
lib.label_drop.argtypes = [ctypes.c_void_p]
lib.label_drop.restype = None


def show():
    label = lib.label_new(7)
    lib.label_drop(label)
    lib.label_drop(label)
