"""Bridge ctypes: codes, errno and out-parameters of kv become results and exceptions."""

import ctypes
import operator
import os
from pathlib import Path
from typing import Optional

# TODO 1: without an option, ctypes keeps no errno, and get_errno() is always 0.
lib = ctypes.CDLL(str(Path(__file__).with_name("libkv.so")))
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
    # TODO 2: choose the exception by the code. KvFileError is made like every OSError:
    # (errno, text, filename). In which order do you read errno and ask for the message?
    message = lib.kv_message(code).decode()
    error = KvError(f"{operation}: {message} (code {code}): {path=}, {key=}, {line=}")
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
    # TODO 3: make room for both out-parameters, and believe *value only after KV_OK. A line that
    # nobody wrote is None for `_error`; `count` below shows how.
    value = ctypes.c_int64()
    lib.kv_get(_c_string("path", path), _c_string("key", key), ctypes.byref(value), None)
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
    return result


def exists(path: str) -> bool:
    """Return whether there is such a file."""
    return lib.kv_exists(_c_string("path", path)) == 1


def open_files() -> int:
    """Return how many files the library has left open."""
    return lib.kv_open_files()
