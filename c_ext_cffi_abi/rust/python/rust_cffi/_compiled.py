"""``ffi`` of a compiled module: the same operations as ``FFI``, over types compiled into it.

Nothing is parsed at import; the engine knows the declarations from the module itself.
"""

from __future__ import annotations

import threading
from typing import Any, Callable

from rust_cffi import _rust_cffi as _engine

_UNSET = object()


class FFI:
    """What ``from _module import ffi`` gives."""

    CData, CType = _engine._get_types()
    buffer = _engine.buffer
    error = _engine.error
    __slots__ = ("_declared", "_void_pointer", "_once", "_lock", "__weakref__")

    for _name in dir(_engine):
        if _name.startswith("RTLD_"):
            locals()[_name] = getattr(_engine, _name)
    del _name

    def __new__(cls, *arguments: Any, **kwds: Any) -> FFI:
        # A subclass may take arguments of its own.
        if (arguments or kwds) and cls.__init__ is object.__init__:
            raise TypeError("FFI() takes no arguments")
        self = super().__new__(cls)
        self._declared = _engine.Declared()
        self._void_pointer = self._declared.find("void *")
        self._once: dict[Any, Any] = {}
        self._lock = threading.RLock()
        return self

    @classmethod
    def _over(cls, declared: Any) -> FFI:
        """The object of a compiled module, over its declarations."""
        self = cls()
        self._declared = declared
        return self

    def _type(self, cdecl: Any) -> Any:
        if isinstance(cdecl, str):
            return self._declared.find(cdecl)
        if isinstance(cdecl, self.CType):
            return cdecl
        raise TypeError(f"expected a string or a ctype object, not {type(cdecl).__name__}")

    def _type_or_value(self, cdecl: Any) -> Any:
        return cdecl if isinstance(cdecl, self.CData) else self._type(cdecl)

    def typeof(self, cdecl: Any) -> Any:
        """The type that a string names, or that a cdata has."""
        if isinstance(cdecl, self.CData):
            return _engine.typeof(cdecl)
        function = _engine._function_pointer(cdecl)
        return self._type(cdecl) if function is None else _engine.typeof(function)

    def sizeof(self, cdecl: Any) -> int:
        """Bytes of a type or of a value."""
        ctype = self._type_or_value(cdecl)
        try:
            return _engine.sizeof(ctype)
        except ValueError as error:
            raise self.error(str(error)) from None

    def alignof(self, cdecl: Any) -> int:
        """Alignment of a type, or of that of a value, in bytes."""
        return _engine.alignof(self.typeof(cdecl))

    def offsetof(self, cdecl: Any, *fields_or_indexes: Any) -> int:
        """Offset of a field, of a field of a field, and so on."""
        if not fields_or_indexes:
            raise TypeError("offsetof() needs at least one field name or index")
        return self._walk(self._type(cdecl), fields_or_indexes)[1]

    def _walk(self, ctype: Any, steps: tuple[Any, ...]) -> tuple[Any, int]:
        total = 0
        for following, step in enumerate(steps):
            ctype, offset = _engine.typeoffsetof(ctype, step, int(following > 0))
            total += offset
        return ctype, total

    def new(self, cdecl: Any, init: Any = None) -> Any:
        """Memory for what the pointer or array type says."""
        return _engine.newp(self._type(cdecl), init)

    def new_allocator(
        self,
        alloc: Callable[[int], Any] | None = None,
        free: Callable[[Any], Any] | None = None,
        should_clear_after_alloc: bool = True,
    ) -> Callable[..., Any]:
        """A function like ``new`` with memory from elsewhere."""
        if alloc is None and free is not None:
            raise TypeError("cannot pass 'free' without 'alloc'")

        def allocate(cdecl: Any, init: Any = None) -> Any:
            ctype = self._type(cdecl)
            return _engine._newp_with(ctype, init, alloc, free, should_clear_after_alloc)

        return allocate

    def cast(self, cdecl: Any, source: Any) -> Any:
        """A C cast."""
        return _engine.cast(self._type(cdecl), source)

    def string(self, cdata: Any, maxlen: int = -1) -> Any:
        """The text of a C string, or the name of an enum's value."""
        return _engine.string(cdata, maxlen)

    def unpack(self, cdata: Any, length: int) -> Any:
        """So many items as a list, bytes or str."""
        return _engine.unpack(cdata, length)

    def from_buffer(
        self, cdecl: Any, python_buffer: Any = _UNSET, require_writable: bool = False
    ) -> Any:
        """A cdata over the memory of a Python object; ``cdecl`` may be left out."""
        if python_buffer is _UNSET:
            cdecl, python_buffer = "char[]", cdecl
        return _engine.from_buffer(self._type(cdecl), python_buffer, int(require_writable))

    def memmove(self, dest: Any, src: Any, n: int) -> None:
        """Copies bytes."""
        _engine.memmove(dest, src, n)

    def callback(
        self, cdecl: Any, python_callable: Any = None, error: Any = None, onerror: Any = None
    ) -> Any:
        """A C function pointer that calls Python; without a callable, a decorator."""
        ctype = self._declared.find_function(cdecl) if isinstance(cdecl, str) else cdecl
        if python_callable is None:
            return lambda function: _engine.callback(ctype, function, error, onerror)
        return _engine.callback(ctype, python_callable, error, onerror)

    def def_extern(
        self, name: str | None = None, error: Any = None, onerror: Any = None
    ) -> Callable[[Any], Any]:
        """A decorator: attaches a Python function to an ``extern "Python"`` function."""

        def attach(function: Any) -> Any:
            known_as = function.__name__ if name is None else name
            _engine._def_extern(self._declared, known_as, function, error, onerror)
            return function

        return attach

    def getctype(self, cdecl: Any, replace_with: str = "") -> str:
        """The C text of a type, around a name."""
        ctype = self._type(cdecl)
        replace_with = replace_with.strip()
        if replace_with.startswith("*") and "&[" in _engine.getcname(ctype, "&"):
            replace_with = f"({replace_with})"
        elif replace_with and replace_with[0] not in "[(":
            replace_with = " " + replace_with
        return _engine.getcname(ctype, replace_with)

    def addressof(self, cdata: Any, *fields_or_indexes: Any) -> Any:
        """A pointer to a value, a field of it, or to a function or variable of ``lib``."""
        if _engine._is_lib(cdata):
            if len(fields_or_indexes) != 1:
                raise TypeError("addressof(library, 'name') needs one name")
            return _engine._address_in_lib(cdata, fields_or_indexes[0])
        ctype = _engine.typeof(cdata)
        if fields_or_indexes:
            ctype, offset = self._walk(ctype, fields_or_indexes)
        elif ctype.kind == "pointer":
            raise TypeError("addressof(pointer)")
        else:
            offset = 0
        return _engine.rawaddressof(_engine.new_pointer_type(ctype), cdata, offset)

    def gc(self, cdata: Any, destructor: Any, size: int = 0) -> Any:
        """An equal cdata that calls the destructor in the end."""
        return _engine.gcp(cdata, destructor, size)

    def release(self, cdata: Any) -> None:
        """Ends now what the cdata would end when it is no longer used."""
        _engine.release(cdata)

    def new_handle(self, x: Any) -> Any:
        """A ``void *`` that stands for a Python object while this handle lives."""
        return _engine.newp_handle(self._void_pointer, x)

    def from_handle(self, x: Any) -> Any:
        """The object that a handle stands for."""
        return _engine.from_handle(x)

    def dlopen(self, name: Any, flags: int = 0) -> Any:
        """Not offered: a compiled module calls what it was linked with."""
        raise NotImplementedError("dlopen() is for FFI objects with a cdef of their own")

    def init_once(self, func: Callable[[], Any], tag: Any) -> Any:
        """Calls ``func`` once per tag, whatever thread comes first."""
        with self._lock:
            if tag not in self._once:
                self._once[tag] = func()
            return self._once[tag]

    def list_types(self) -> tuple[list[str], list[str], list[str]]:
        """Names of typedefs, structs and unions."""
        return self._declared.list_types()

    @property
    def errno(self) -> int:
        """What C left in errno after the last call."""
        return _engine.get_errno()

    @errno.setter
    def errno(self, value: int) -> None:
        _engine.set_errno(value)


FFI.NULL = _engine.cast(FFI()._void_pointer, 0)
