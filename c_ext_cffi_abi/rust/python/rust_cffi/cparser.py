"""The parser of an ``FFI`` object; stands where cffi's own module of this name would.

The engine reads the text. cffi's ``model`` objects, which only the writers of compiled modules and
foreign backends look at, are made when something asks for them.
"""

from __future__ import annotations

import warnings
import weakref

import _rust_cffi

from rust_cffi import model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# One object per struct, union and enum, whoever includes its declaration.
_MODELS: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
# From cdef() of an FFI object to here.
_FRAMES_TO_THE_CALLER = 4


def _packing(packed: bool, pack: int | None) -> int:
    if packed:
        if packed != True:  # noqa: E712  (1 counts as true)
            raise ValueError("'packed' is False or True; 'pack' takes other values")
        if pack:
            raise ValueError("cannot give both 'pack' and 'packed'")
        return 1
    pack = pack or 0
    if pack < 0 or pack & (pack - 1):
        raise ValueError(f"'pack' must be a power of two, not {pack!r}")
    return pack


class Parser:
    """Declarations of one ``FFI`` object."""

    def __init__(self) -> None:
        self._cdef = _rust_cffi.Cdef()
        # Kept until it is made anew: others may have changed its objects, and only it owns them.
        self._declared: dict[str, tuple[Any, int]] = {}
        self._current = False
        self._included: set[Any] = set()
        self._late: list[Any] = []
        self._wanted = False

    def parse(
        self,
        csource: str,
        override: bool = False,
        packed: bool = False,
        pack: int | None = None,
        dllexport: bool = False,
    ) -> None:
        """Adds declarations."""
        pack = _packing(packed, pack)
        self._current = False
        for text in self._cdef.parse(csource, bool(override), pack, bool(dllexport)):
            warnings.warn(text, stacklevel=_FRAMES_TO_THE_CALLER)

    def include(self, other: Parser) -> None:
        """Takes over the types and constants of another parser."""
        self._current = False
        self._cdef.include(other._cdef)

    def typeof(self, cdecl: str) -> tuple[Any, bool]:
        """The engine's type, and whether the text named a bare function."""
        # The text may mention a new tag.
        self._current = False
        return self._cdef.typeof_text(cdecl)

    def parse_type(self, cdecl: str) -> Any:
        """cffi's object for a type."""
        return self.parse_type_and_quals(cdecl)[0]

    def parse_type_and_quals(self, cdecl: str) -> tuple[Any, int]:
        """cffi's object for a type, and its qualifiers."""
        self._current = False
        self._wanted = True
        return self._cdef.model_of_text(cdecl, model, _MODELS, self._late)

    @property
    def _declarations(self) -> dict[str, tuple[Any, int]]:
        self._wanted = True
        if not self._current:
            declared = self._cdef.models(model, _MODELS, self._late)
            self._declared = {key: (tp, quals) for key, tp, quals, _included in declared}
            self._included = {tp for _key, tp, _quals, included in declared if included}
            self._current = True
        return self._declared

    @property
    def _included_declarations(self) -> set[Any]:
        self._declarations  # noqa: B018  (fills the set)
        return self._included

    @property
    def _recomplete(self) -> list[Any]:
        if self._wanted:
            self._declarations  # noqa: B018  (finds what got its members late)
        return self._late

    @_recomplete.setter
    def _recomplete(self, late: list[Any]) -> None:
        self._late = late

    @property
    def _int_constants(self) -> dict[str, int]:
        return self._cdef.constants()

    @property
    def _uses_new_feature(self) -> str | None:
        return self._cdef.new_feature()

    def built(self) -> list[tuple[Any, Any]]:
        """cffi's object and the engine's type of each struct, union and enum made so far."""
        self._declarations  # noqa: B018  (makes the objects)
        pairs = ((_MODELS.get(number), made) for number, made in self._cdef.built())
        return [(tp, made) for tp, made in pairs if tp is not None]
