from pathlib import Path

from cffi import FFI

ffi = FFI()
ffi.cdef("""
int series_next(int number);
""")
lib = ffi.dlopen(str(Path(__file__).with_name("libseries.so")))


def show():
    return lib.series_next(2**31 - 1)
