import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libwords.so")))
lib.word_upper.argtypes = [ctypes.c_char_p]
lib.word_upper.restype = None


def show():
    word = b"hello"
    lib.word_upper(word)
    return word
