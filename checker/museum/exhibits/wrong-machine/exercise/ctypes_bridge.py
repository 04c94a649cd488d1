import ctypes
from pathlib import Path


def show():
    # A library of 32 bits, made from our own: the fifth byte of the file tells its class.
    library = bytearray(Path(__file__).with_name("libseries.so").read_bytes())
    library[4] = 1
    copy = Path(__file__).with_name("libseries32.so")
    copy.write_bytes(library)
    return ctypes.CDLL(str(copy)).series_twice(4)
