"""Config through ctypes: a Python class around a handle that the C library owns."""

import ctypes
from pathlib import Path


class _Config(ctypes.Structure):
    """Opaque: only pointers to it exist."""


_config_p = ctypes.POINTER(_Config)
lib = ctypes.CDLL(str(Path(__file__).with_name("libconfig.so")))
lib.config_create.argtypes = [ctypes.c_char_p]
lib.config_create.restype = _config_p
lib.config_destroy.argtypes = [_config_p]
lib.config_destroy.restype = None
lib.config_set_timeout.argtypes = [_config_p, ctypes.c_int32]
lib.config_set_timeout.restype = ctypes.c_int
lib.config_process.argtypes = [_config_p]
lib.config_process.restype = ctypes.c_int64
lib.config_server_url.argtypes = [_config_p]
lib.config_server_url.restype = ctypes.c_char_p
lib.config_timeout.argtypes = [_config_p]
lib.config_timeout.restype = ctypes.c_int32
lib.config_alive.argtypes = []
lib.config_alive.restype = ctypes.c_int32


def _c_string(text: str) -> bytes:
    """Return text as C reads it; C would silently stop at a NUL."""
    if not isinstance(text, str):
        raise TypeError(f"server_url must be str, not {type(text).__name__}")
    if "\0" in text:
        raise ValueError("server_url must not contain a NUL")
    return text.encode()


class Config:
    """The settings of a client."""

    _handle = None  # what __del__ finds if __init__ failed

    def __init__(self, server_url: str, timeout: int = 30) -> None:
        self._handle = lib.config_create(_c_string(server_url))
        if not self._handle:
            raise MemoryError("config_create")
        self.note = None
        self.timeout = timeout

    def __del__(self) -> None:
        # C ends a handle once: ours is forgotten in the same step.
        handle, self._handle = self._handle, None
        if handle:
            lib.config_destroy(handle)

    @property
    def server_url(self) -> str:
        """Where the server is."""
        return lib.config_server_url(self._handle).decode()

    @property
    def timeout(self) -> int:
        """Seconds to wait; -1 is for ever."""
        return lib.config_timeout(self._handle)

    @timeout.setter
    def timeout(self, seconds: int) -> None:
        if lib.config_set_timeout(self._handle, seconds) != 0:
            raise ValueError(f"timeout: {seconds} is out of range")

    def process(self) -> int:
        """Return how many milliseconds a request may take; -1 is for ever."""
        return self.timeout * 1000 if self.timeout > 0 else self.timeout


def alive() -> int:
    """Return how many configs C has not ended yet."""
    return lib.config_alive()
