from pathlib import Path

from cffi import FFI

ffi = FFI()
ffi.cdef("""
char *word_greeting(void);
void word_capital(char *word);
""")
lib = ffi.dlopen(str(Path(__file__).with_name("libwords.so")))


def show():
    greeting = lib.word_greeting()
    lib.word_capital(greeting)
    return ffi.string(greeting)
