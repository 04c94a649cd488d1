import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libpacket.so")))
lib.packet_number.argtypes = [ctypes.c_char_p]
lib.packet_number.restype = ctypes.c_uint32


def show():
    return lib.packet_number(bytes([1, 0, 0, 0, 7, 0, 0, 0]))
