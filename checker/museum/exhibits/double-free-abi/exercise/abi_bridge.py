from pathlib import Path

from cffi import FFI

ffi = FFI()
ffi.cdef("""
typedef struct label label;

label *label_new(int number);

int label_number(const label *it);

void label_drop(label *it);
""")
lib = ffi.dlopen(str(Path(__file__).with_name("liblabels.so")))


def show():
    label = ffi.gc(lib.label_new(7), lib.label_drop)
    lib.label_drop(label)
    del label
