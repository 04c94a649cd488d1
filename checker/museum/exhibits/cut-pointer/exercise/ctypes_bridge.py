import ctypes
from pathlib import Path

lib = ctypes.CDLL(str(Path(__file__).with_name("libnotes.so")))


def show():
    note = lib.note_copy(b"buy milk")
    return lib.note_first(note)
