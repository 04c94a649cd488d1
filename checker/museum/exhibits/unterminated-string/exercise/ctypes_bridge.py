import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libwords.so")))
lib.word_head.argtypes = [ctypes.c_char_p, ctypes.c_int]
lib.word_head.restype = ctypes.c_void_p
lib.word_length.argtypes = [ctypes.c_void_p]
lib.word_length.restype = ctypes.c_int


def show():
    return lib.word_length(lib.word_head(b"blueberry", 4))
