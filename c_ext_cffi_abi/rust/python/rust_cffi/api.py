"""``FFI``, with declarations read by the engine; stands where cffi's own module of this name would.

What has nothing to do with declarations is inherited from cffi's class.
"""

from __future__ import annotations

import sys

import _rust_cffi

from rust_cffi import _front

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_stock_api = _front.stock_module("api")


class _Kept:
    """What a library keeps; cffi's class clears it when declarations are replaced."""

    def __init__(self, library: Any) -> None:
        self._library = library

    def clear(self) -> None:
        self._library.__cffi_forget__()


class FFI(_stock_api.FFI):
    __doc__ = _stock_api.FFI.__doc__

    def __init__(self, backend: Any = None) -> None:
        # A foreign backend is driven by cffi's own code, which works on `model` objects.
        self._uses_models = backend not in (None, _rust_cffi)
        super().__init__(backend)

    def _typeof_locked(self, cdecl: str) -> tuple[Any, bool]:
        if self._uses_models:
            return super()._typeof_locked(cdecl)
        result = self._parsed_types.get(cdecl)
        if result is None:
            result = self._parsed_types[cdecl] = self._parser.typeof(cdecl)
        return result

    def dlopen(self, name: Any, flags: int = 0) -> Any:
        """Loads a library by its file name; ``None`` stands for the C library.

        The library has the functions, variables and constants that ``cdef`` has declared. Whether
        the library's are of these types, nobody can check.
        """
        if self._uses_models:
            return super().dlopen(name, flags)
        if not isinstance(name, (str, type(None), self.CData)):
            raise TypeError(
                "dlopen(name): the name is a file name, None, or a 'void *' handle of a library"
            )
        with self._lock:
            loaded = _stock_api._load_backend_lib(self._backend, name, flags)
            library = _rust_cffi._inline_library(self, self._parser._cdef, loaded)
            self._function_caches.append(_Kept(library))
            self._libraries.append(library)
        return library

    def list_types(self) -> tuple[list[str], list[str], list[str]]:
        """Names of typedefs, structs and unions."""
        names = self._parser._cdef.names
        return sorted(names("typedef")), sorted(names("struct")), sorted(names("union"))

    def verify(self, source: str = "", tmpdir: str | None = None, **kwargs: Any) -> Any:
        """Compiles a module that checks the declarations; ``set_source`` is the newer way."""
        from rust_cffi.verifier import _caller_dir_pycache

        if sys.modules.get("_cffi_backend") is not _rust_cffi:
            # The modules that cffi's verifier writes take their types from what they import.
            raise NotImplementedError(
                "verify() needs rust_cffi in the place of cffi: call rust_cffi.install() first, or "
                "use set_source() and compile()"
            )
        # Asked here, because the folder is that of the caller's file.
        tmpdir = tmpdir or _caller_dir_pycache()
        self._use_models()
        return super().verify(source, tmpdir, **kwargs)

    verify.__doc__ = _stock_api.FFI.verify.__doc__

    def compile(
        self,
        tmpdir: str = ".",
        verbose: int = 0,
        target: str | None = None,
        debug: bool | None = None,
    ) -> str:
        from rust_cffi.recompiler import compile

        return compile(self, tmpdir, verbose, target, debug)

    compile.__doc__ = _stock_api.FFI.compile.__doc__

    def _use_models(self) -> None:
        """From now on, types come from ``model`` objects: the verifier corrects those."""
        with self._lock:
            if self._uses_models:
                return
            for tp, ctype in self._parser.built():
                self._cached_btypes[tp] = self._typecache[tp] = ctype
                if hasattr(tp, "completed"):
                    tp.completed = 2
            self._uses_models = True
