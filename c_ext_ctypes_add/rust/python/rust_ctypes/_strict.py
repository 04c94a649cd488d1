"""What ``strict()`` gives out."""

from rust_ctypes import _rust_ctypes


class Strict:
    """Strict checks, switched on or off when it is made; left as a context, as they were before."""

    def __init__(self, on: bool) -> None:
        self._before = _rust_ctypes._set_strict(on)

    def __enter__(self) -> "Strict":
        return self

    def __exit__(self, *exception: object) -> None:
        _rust_ctypes._set_strict(self._before)
