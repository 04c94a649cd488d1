"""What ``dlopen`` gives: functions, variables and constants as attributes, looked up when used."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def make_library(ffi: Any, loaded: Any, name: Any) -> Any:
    """The object for a library that is loaded already.

    A function or a constant is kept in the object once it has been used; a variable becomes a
    property of the class, which therefore is made anew for each library.
    """
    addresses: dict[str, Any] = {}

    def find(attribute: str) -> None:
        with ffi._lock:
            # Another thread may have been faster.
            if attribute in library.__dict__ or attribute in FFILibrary.__dict__:
                return
            kind, found = ffi._parser._cdef.in_library(attribute)
            if kind == "function":
                library.__dict__[attribute] = loaded.load_function(found, attribute)
            elif kind == "constant":
                library.__dict__[attribute] = found
            else:
                setattr(FFILibrary, attribute, variable(found, attribute))

    def variable(ctype: Any, attribute: str) -> property:
        def write(_self: Any, value: Any) -> None:
            loaded.write_variable(ctype, attribute, value)

        return property(lambda _self: loaded.read_variable(ctype, attribute), write)

    def address_of_variable(attribute: str) -> Any:
        with ffi._lock:
            if attribute not in addresses:
                _kind, ctype = ffi._parser._cdef.in_library(attribute)
                if ctype.kind != "array":
                    ctype = ffi._backend.new_pointer_type(ctype)
                addresses[attribute] = loaded.load_function(ctype, attribute)
            return addresses[attribute]

    class FFILibrary:
        def __getattr__(self, attribute: str) -> Any:
            find(attribute)
            return getattr(self, attribute)

        def __setattr__(self, attribute: str, value: Any) -> None:
            if not hasattr(type(self), attribute):
                find(attribute)
            object.__setattr__(self, attribute, value)

        def __dir__(self) -> list[str]:
            with ffi._lock:
                return list(dict.fromkeys(ffi._parser._cdef.library_names()))

        def __addressof__(self, attribute: str) -> Any:
            if attribute not in FFILibrary.__dict__ and attribute not in library.__dict__:
                find(attribute)
            if attribute in library.__dict__:
                return library.__dict__[attribute]
            return address_of_variable(attribute)

        def __cffi_close__(self) -> None:
            loaded.close_lib()
            self.__dict__.clear()

    if isinstance(name, str):
        FFILibrary.__name__ = f"FFILibrary_{name}"
    library = FFILibrary()
    return library
