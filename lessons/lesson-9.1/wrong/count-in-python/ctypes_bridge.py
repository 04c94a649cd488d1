"""Bridge ctypes: codes, errno and out-parameters of kv become results and exceptions."""

import ctypes
import operator
import os
from pathlib import Path
from typing import Optional

# With use_errno ctypes keeps a copy of errno after each call, before Python can change it.
lib = ctypes.CDLL(str(Path(__file__).with_name("libkv.so")), use_errno=True)
lib.kv_get.argtypes = [
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.POINTER(ctypes.c_int64),
    ctypes.POINTER(ctypes.c_int32),
]
lib.kv_get.restype = ctypes.c_int
lib.kv_put.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int64]
lib.kv_put.restype = ctypes.c_int
lib.kv_count.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_int32)]
lib.kv_count.restype = ctypes.c_int64
lib.kv_exists.argtypes = [ctypes.c_char_p]
lib.kv_exists.restype = ctypes.c_int
lib.kv_message.argtypes = [ctypes.c_int]
lib.kv_message.restype = ctypes.c_char_p
lib.kv_open_files.argtypes = []
lib.kv_open_files.restype = ctypes.c_int32


class KvError(Exception):
    """What kv refuses. Each has `operation`, `code`, `path`, `key` and `line`."""


class KvFileError(KvError, OSError):
    """The system refused the file; `errno` and `filename` say more."""


class KvKeyError(KvError, LookupError):
    """The file has no such key."""


class KvArgumentError(KvError, ValueError):
    """Not a key."""


class KvFormatError(KvError, ValueError):
    """Line `line` of the file is not key=value."""


ERRORS = {-1: KvFileError, -2: KvKeyError, -3: KvArgumentError, -4: KvFormatError}


def _error(
    operation: str, code: int, path: str, key: Optional[str] = None, line: Optional[int] = None
) -> KvError:
    """Return what `code` means as an exception, with all that is known."""
    reason = ctypes.get_errno()  # first of all: every call of the library may change it
    message = lib.kv_message(code).decode()
    if code == -1:
        error = KvFileError(reason, f"{operation}: {os.strerror(reason)}", path)
    else:
        error = ERRORS[code](f"{operation}: {message} (code {code}): {path=}, {key=}, {line=}")
    vars(error).update(operation=operation, code=code, path=path, key=key, line=line)
    return error


def _c_string(what: str, text: str) -> bytes:
    """Return text as C reads it; C would silently stop at a NUL."""
    if not isinstance(text, str):
        raise TypeError(f"{what} must be str, not {type(text).__name__}")
    if "\0" in text:
        raise ValueError(f"{what} must not contain a NUL")
    return os.fsencode(text)


def get(path: str, key: str) -> int:
    """Return the value of a key."""
    value, line = ctypes.c_int64(), ctypes.c_int32()
    places = ctypes.byref(value), ctypes.byref(line)
    code = lib.kv_get(_c_string("path", path), _c_string("key", key), *places)
    if code != 0:
        raise _error("get", code, path, key, line.value or None)
    return value.value


def put(path: str, key: str, value: int) -> None:
    """Give a key a value."""
    if not -(2**63) <= operator.index(value) < 2**63:  # ctypes would cut it
        raise OverflowError(f"value: {value} needs more than 64 bits")
    code = lib.kv_put(_c_string("path", path), _c_string("key", key), value)
    if code != 0:
        raise _error("put", code, path, key)


def count(path: str) -> int:
    """Return how many lines the file has."""
    line = ctypes.c_int32()
    result = lib.kv_count(_c_string("path", path), ctypes.byref(line))
    if result < 0:
        raise _error("count", result, path, None, line.value or None)
    return len(Path(path).read_bytes().splitlines()) if Path(path).is_file() else result


def exists(path: str) -> bool:
    """Return whether there is such a file."""
    return lib.kv_exists(_c_string("path", path)) == 1


def open_files() -> int:
    """Return how many files the library has left open."""
    return lib.kv_open_files()
