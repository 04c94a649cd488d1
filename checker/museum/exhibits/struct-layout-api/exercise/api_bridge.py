from _lesson_0_0 import ffi, lib


def show():
    return lib.point_sum(ffi.new("point *", (1, 2, 0.5)))
