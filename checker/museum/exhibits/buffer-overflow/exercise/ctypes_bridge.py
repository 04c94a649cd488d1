import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libwords.so")))
lib.word_write.argtypes = [ctypes.POINTER(ctypes.c_char), ctypes.c_char_p]
lib.word_write.restype = None


def show():
    out = ctypes.create_string_buffer(64)
    lib.word_write(out, b"x" * 64)
    return len(out.raw)
