from pathlib import Path

from cffi import FFI

ffi = FFI()
ffi.cdef("""
void word_drop(char *word);
""")
lib = ffi.dlopen(str(Path(__file__).with_name("libwords.so")))


def show():
    word = ffi.new("char[]", b"blue")
    lib.word_drop(word)
