import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libpoints.so")))


class Point(ctypes.Structure):
    _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_int)]


lib.point_reset.argtypes = [ctypes.POINTER(Point)]
lib.point_reset.restype = None


def show():
    points = (Point * 8)()
    lib.point_reset(ctypes.byref(points[7]))
    return points[7].y
