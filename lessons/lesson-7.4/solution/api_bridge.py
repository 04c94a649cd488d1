"""Config through CFFI in API mode: a Python class around a handle that the C library owns."""

from _lesson_7_4 import ffi, lib


def _c_string(text: str) -> bytes:
    """Return text as C reads it; C would silently stop at a NUL."""
    if not isinstance(text, str):
        raise TypeError(f"server_url must be str, not {type(text).__name__}")
    if "\0" in text:
        raise ValueError("server_url must not contain a NUL")
    return text.encode()


class Config:
    """The settings of a client."""

    def __init__(self, server_url: str, timeout: int = 30) -> None:
        handle = lib.config_create(_c_string(server_url))
        if not handle:
            raise MemoryError("config_create")
        # The object that gc returns ends the handle when the last reference to it goes.
        self._handle = ffi.gc(handle, lib.config_destroy)
        self.note = None
        self.timeout = timeout

    @property
    def server_url(self) -> str:
        """Where the server is."""
        return ffi.string(lib.config_server_url(self._handle)).decode()

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
        return lib.config_process(self._handle)


def alive() -> int:
    """Return how many configs C has not ended yet."""
    return lib.config_alive()
