from cffi import FFI

ffibuilder = FFI()
ffibuilder.cdef("""
typedef struct { int x; int y; double weight; } point;
int point_sum(const point *it);
""")
ffibuilder.set_source(
    "_lesson_0_0", '#include "points.h"', sources=["points.c"], include_dirs=["."]
)
