import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libwords.so")))
lib.word_after_blanks.argtypes = [ctypes.c_char_p]
lib.word_after_blanks.restype = ctypes.c_void_p
lib.word_drop.argtypes = [ctypes.c_void_p]
lib.word_drop.restype = None


def show():
    word = lib.word_after_blanks(b"  blue")
    lib.word_drop(word)
