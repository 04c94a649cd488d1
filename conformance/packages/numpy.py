"""numpy.ctypeslib: arrays as arguments, and C memory as arrays."""

import ctypes

import numpy
from numpy import ctypeslib

libc = ctypes.CDLL(None)


def check_sorting_an_array_through_a_callback() -> list:
    compare = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(ctypes.c_double), ctypes.POINTER(ctypes.c_double)
    )
    qsort = libc.qsort
    qsort.restype = None
    qsort.argtypes = [
        ctypeslib.ndpointer(numpy.float64, ndim=1, flags="C,W"),
        ctypes.c_size_t,
        ctypes.c_size_t,
        compare,
    ]
    values = numpy.array([3.5, -1.0, 2.25, 10.0, 0.0])
    order = compare(lambda a, b: (a[0] > b[0]) - (a[0] < b[0]))
    qsort(values, len(values), values.itemsize, order)
    try:
        qsort(numpy.arange(3), 3, 8, order)
    except ctypes.ArgumentError as error:
        return [values.tolist(), str(error)]
    return [values.tolist(), "accepted"]


def check_memory_as_an_array() -> list:
    memory = (ctypes.c_int32 * 6)(*range(6))
    array = ctypeslib.as_array(memory).reshape(2, 3)
    array[1] *= 10
    pointer = ctypes.cast(memory, ctypes.POINTER(ctypes.c_int32))
    seen = ctypeslib.as_array(pointer, shape=(6,))
    return [array.tolist(), list(memory), seen.tolist(), seen.dtype.str]


def check_structures() -> list:
    class Point(ctypes.Structure):
        _fields_ = [("x", ctypes.c_int16), ("y", ctypes.c_double), ("z", ctypes.c_uint8 * 3)]

    points = (Point * 3)()
    points[1].y = 2.5
    array = ctypeslib.as_array(points)
    array["x"] = [7, 8, 9]
    array["z"][2] = [1, 2, 3]
    return [
        str(array.dtype),
        [(point.x, point.y, list(point.z)) for point in points],
        numpy.dtype(Point).itemsize,
        ctypes.sizeof(ctypeslib.as_ctypes_type(numpy.dtype(Point))),
    ]


def check_arrays_as_ctypes() -> list:
    array = numpy.arange(12, dtype=numpy.uint16).reshape(3, 4)
    view = ctypeslib.as_ctypes(array)
    view[2][3] = 1000
    data = array.ctypes
    first = ctypes.cast(data.data, ctypes.POINTER(ctypes.c_uint16))[0]
    return [
        type(view).__name__,
        array[2].tolist(),
        list(data.shape),
        list(data.strides),
        first,
        data.data_as(ctypes.POINTER(ctypes.c_uint16))[11],
    ]
