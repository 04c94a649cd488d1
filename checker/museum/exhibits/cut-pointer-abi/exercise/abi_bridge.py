from pathlib import Path

from cffi import FFI

ffi = FFI()
ffi.cdef("""
typedef struct note note;
int note_new(int priority);
int note_priority(const note *it);
""")
lib = ffi.dlopen(str(Path(__file__).with_name("libnotes.so")))


def show():
    return lib.note_priority(ffi.cast("note *", lib.note_new(3)))
