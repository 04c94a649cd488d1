"""Bridge abi: codes, errno and out-parameters of kv become results and exceptions."""

import os
from pathlib import Path
from typing import Optional

from cffi import FFI

ffi = FFI()
ffi.cdef("""
    int kv_get(const char *path, const char *key, int64_t *value, int32_t *line);
    int kv_put(const char *path, const char *key, int64_t value);
    int64_t kv_count(const char *path, int32_t *line);
    int kv_exists(const char *path);
    const char *kv_message(int code);
    int32_t kv_open_files(void);
""")
lib = ffi.dlopen(str(Path(__file__).with_name("libkv.so")))


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
    message = ffi.string(lib.kv_message(code)).decode()
    reason = ffi.errno
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
    value, line = ffi.new("int64_t *"), ffi.new("int32_t *")
    code = lib.kv_get(_c_string("path", path), _c_string("key", key), value, line)
    if code != 0:
        raise _error("get", code, path, key, line[0] or None)
    return value[0]


def put(path: str, key: str, value: int) -> None:
    """Give a key a value."""
    code = lib.kv_put(_c_string("path", path), _c_string("key", key), value)
    if code != 0:
        raise _error("put", code, path, key)


def count(path: str) -> int:
    """Return how many lines the file has."""
    line = ffi.new("int32_t *")
    result = lib.kv_count(_c_string("path", path), line)
    if result < 0:
        raise _error("count", result, path, None, line[0] or None)
    return result


def exists(path: str) -> bool:
    """Return whether there is such a file."""
    return lib.kv_exists(_c_string("path", path)) == 1


def open_files() -> int:
    """Return how many files the library has left open."""
    return lib.kv_open_files()
