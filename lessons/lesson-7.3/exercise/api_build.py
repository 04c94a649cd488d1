"""Builds _lesson_7_3: CFFI writes a C extension from these declarations."""

from cffi import FFI

ffibuilder = FFI()

# TODO 1: declare `add`, the struct `tile` and its three functions as tiles.h does.

# TODO 2: give the compiler what it needs: a line that includes tiles.h, and tiles.c as source.
# Both lie beside this file when it is built.
ffibuilder.set_source("_lesson_7_3", "", sources=[], include_dirs=["."])

# TODO 3: declare a wrong struct `swapped_tile`: the fields of `tile`, with y before x. In the C
# code above, say what it really is: `typedef tile swapped_tile;`

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
