from pathlib import Path

from cffi import FFI

ffi = FFI()
ffi.cdef("""
void cell_set(const char *text);
int cell_first(void);
""")
lib = ffi.dlopen(str(Path(__file__).with_name("libcells.so")))


def show():
    lib.cell_set(ffi.new("char[]", b"a text that only the call keeps alive"))
    return lib.cell_first()
