import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libwords.so")))
lib.greeting_length.argtypes = [ctypes.c_char_p]
lib.greeting_length.restype = ctypes.c_int


def show():
    return lib.greeting_length(b"a name that is much too long for it")
