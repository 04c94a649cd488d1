import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libwords.so")))
lib.word_copy.argtypes = [ctypes.c_char_p]
lib.word_copy.restype = ctypes.c_char_p


def show():
    return [lib.word_copy(b"a text of some length") for _ in range(10)][0]
