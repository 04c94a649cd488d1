from pathlib import Path

from cffi import FFI

ffi = FFI()
ffi.cdef("""
typedef int (*listener)(int);

/* Keeps the listener. */
void events_listen(listener call);

/* Calls the listener. */
int events_fire(int number);
""")
lib = ffi.dlopen(str(Path(__file__).with_name("libevents.so")))


def show():
    lib.events_listen(ffi.callback("int(int)", lambda number: number + 1))
    return lib.events_fire(3)
