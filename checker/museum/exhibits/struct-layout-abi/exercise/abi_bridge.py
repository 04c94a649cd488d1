from pathlib import Path

from cffi import FFI

ffi = FFI()
ffi.cdef("""
typedef struct { int x; int y; double weight; } point;
int point_sum(const point *it);
""")
lib = ffi.dlopen(str(Path(__file__).with_name("libpoints.so")))


def show():
    return lib.point_sum(ffi.new("point *", (1, 2, 0.5)))
