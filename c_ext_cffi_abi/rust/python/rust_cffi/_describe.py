"""Describes what a parsed cdef declares, as plain data for the generator."""

from __future__ import annotations

import re
from typing import Any

from rust_cffi import model
from rust_cffi._places import Places
from rust_cffi.error import VerificationError

# Calling conventions that mean nothing on the systems that this runs on.
_CONVENTION = re.compile(r"\b__(?:stdcall|cdecl) ")
_CLASSES = {"_Bool": "bool", "long double": "long", "char": "char"}


def _spelling(tp: Any) -> str:
    """The type in C, with ``&`` where a variable's name would go.

    An array whose length only the compiler knows keeps its dots.
    """
    return _CONVENTION.sub("", tp.c_name_with_marker.replace("/*...*/", "..."))


def bare(tp: Any) -> str:
    """The type in C, without a name."""
    return _spelling(tp).replace("&", "")


def _known_as(tp: Any) -> str:
    """The name of a struct, union or enum in the tables: by its tag, where it has one.

    C code spells ``typedef struct tag {...} name`` by the typedef's name.
    """
    return bare(tp) if "$" in tp.name else f"{tp.kind} {tp.name}"


def _class(tp: Any) -> str:
    """How values of the type cross; see ``Class`` of the generator."""
    if isinstance(tp, model.VoidType):
        return "void"
    if isinstance(tp, model.StructOrUnion):
        return "record"
    if isinstance(tp, model.PointerType):
        return "pointer"
    if isinstance(tp, model.UnknownIntegerType):
        return "integer"
    if not isinstance(tp, model.PrimitiveType):
        return "other"
    if tp.name in _CLASSES:
        return _CLASSES[tp.name]
    if tp.is_integer_type():
        unsigned = tp.name.startswith(("unsigned ", "u")) or tp.name == "size_t"
        return "unsigned" if unsigned else "signed"
    return "float" if tp.name in ("float", "double") else "other"


def _pointer(tp: Any) -> Any:
    """A function as the pointer to it; any other type as it is."""
    return tp.as_function_pointer() if isinstance(tp, model.RawFunctionType) else tp


def _described(tp: Any) -> dict[str, str]:
    tp = _pointer(tp)
    return {"spelling": _spelling(tp), "class": _class(tp)}


def _nameable(tp: Any, context: str) -> None:
    """Refuses a type that C code cannot name, and a length where no compiler could tell it."""
    tp.get_c_name("", context)
    _only_known_lengths(tp)


def _only_known_lengths(tp: Any) -> None:
    """Refuses ``[...]`` behind a pointer."""
    if "[...]" in _spelling(tp):
        raise VerificationError(
            f"type {bare(tp)} badly placed: the '...' array length can only be used on global "
            "arrays or on fields of structures"
        )


def _lengths_outside(tp: Any) -> None:
    """The same for what may itself be an array of such a length."""
    while isinstance(tp, model.ArrayType):
        tp = tp.item
    if not isinstance(tp, model.StructOrUnionOrEnum):
        _only_known_lengths(tp)


def _address(tp: Any, quals: int) -> dict[str, Any]:
    """What the address of a field or variable of this type can be assigned to.

    Of an array with a length that is not declared, only the items are looked at.
    """
    items = 0
    while isinstance(tp, model.ArrayType) and (tp.length is None or "[...]" in _spelling(tp)):
        tp, items = tp.item, items + 1
    pointer = model.PointerType(_pointer(tp), quals)
    return {"ctype": {"spelling": _spelling(pointer), "class": "pointer"}, "items": items}


class _Describer:
    """Walks over the declarations of one FFI object."""

    def __init__(self, ffi: Any) -> None:
        self.ffi = ffi
        self.places = Places(ffi._cdefsources)
        self.included = ffi._parser._included_declarations
        self.included_pointees = {
            tp.totype for tp in self.included if isinstance(tp, model.NamedPointerType)
        }
        self.records: dict[str, Any] = {}
        self.enums: dict[str, Any] = {}
        self.named_pointers: dict[str, str] = {}
        self.constants_seen: set[str] = set()
        self.parts: dict[str, list[Any]] = {
            kind: [] for kind in ("typedefs", "functions", "constants", "variables", "externs")
        }

    def visit(self, tp: Any) -> None:
        """Finds every struct, union and enum that a type reaches."""
        if isinstance(tp, model.StructOrUnion):
            if bare(tp) not in self.records:
                self.records[bare(tp)] = tp
                if self._is_external(tp):
                    return
                for field in tp.fldtypes or ():
                    self.visit(field)
        elif isinstance(tp, model.EnumType):
            self.enums.setdefault(bare(tp), tp)
        elif isinstance(tp, model.PointerType):
            if isinstance(tp, model.NamedPointerType):
                self.named_pointers.setdefault(bare(tp.totype), tp.name)
            self.visit(tp.totype)
        elif isinstance(tp, model.ArrayType):
            self.visit(tp.item)
        elif isinstance(tp, model.BaseFunctionType):
            self.visit(tp.result)
            for argument in tp.args:
                self.visit(argument)

    def _is_external(self, tp: Any) -> bool:
        return tp in self.included or tp in self.included_pointees

    def declarations(self) -> None:
        """Sorts every declaration into its part."""
        for key, (tp, quals) in sorted(self.ffi._parser._declarations.items()):
            kind, _, name = key.partition(" ")
            method = getattr(self, "_" + kind, None)
            if method is None:
                raise VerificationError(f"not implemented in recompile(): {key!r}")
            try:
                if kind != "macro":
                    self.visit(tp)
                method(name, tp, quals)
            except Exception as error:
                model.attach_exception_info(error, key)
                raise

    def _typedef(self, name: str, tp: Any, quals: int) -> None:
        target: Any
        _lengths_outside(tp)
        if isinstance(tp, model.UnknownIntegerType) and tp.name == name:
            target = "integer"
        elif isinstance(tp, model.UnknownFloatType) and tp.name == name:
            target = "float"
        else:
            if isinstance(tp, model.NamedPointerType):
                spelling = bare(tp.totype) + " *&"
            elif isinstance(tp, model.RawFunctionType):
                spelling = _spelling(tp).replace("(&)", "")
            else:
                spelling = _spelling(tp)
            if spelling == name + "&":
                if not isinstance(tp, model.StructOrUnionOrEnum) or _known_as(tp) == name:
                    return
                spelling = _known_as(tp) + "&"
            target = {"type": {"spelling": spelling, "class": "other"}}
        at = self.places.name(name)
        self.parts["typedefs"].append({"name": name, "target": target, "at": at})

    def _described_function(self, name: str, tp: Any) -> dict[str, Any]:
        for argument in tp.args:
            _nameable(argument, f"argument of {name}")
        if not isinstance(tp.result, model.VoidType):
            _nameable(tp.result, f"result of {name}")
        if isinstance(tp.result, model.StructOrUnion) and tp.result.fldtypes is None:
            raise TypeError(f"'{bare(tp.result)}' is used as result type, but is opaque")
        return {
            "name": name,
            "result": _described(tp.result),
            "arguments": [_described(argument) for argument in tp.args],
            "pointer": _described(tp),
            "variadic": bool(tp.ellipsis),
            "at": self.places.name(name),
        }

    def _function(self, name: str, tp: Any, quals: int) -> None:
        self.parts["functions"].append(self._described_function(name, tp))

    def _extern(self, name: str, tp: Any, linkage: str) -> None:
        if tp.ellipsis:
            raise NotImplementedError('a vararg function is extern "Python"')
        for one in (*tp.args, tp.result):
            if isinstance(one, model.PrimitiveType) and one.is_complex_type():
                raise NotImplementedError('a complex number crosses in extern "Python"')
        self.parts["externs"].append({**self._described_function(name, tp), "linkage": linkage})

    def _extern_python(self, name: str, tp: Any, quals: int) -> None:
        self._extern(name, tp, "static")

    def _extern_python_plus_c(self, name: str, tp: Any, quals: int) -> None:
        self._extern(name, tp, "module")

    def _dllexport_python(self, name: str, tp: Any, quals: int) -> None:
        self._extern(name, tp, "exported")

    def _only_once(self, name: str) -> None:
        if name in self.constants_seen:
            raise VerificationError(f"duplicate declaration of const '{name}'")
        self.constants_seen.add(name)

    def _constant(self, name: str, tp: Any, quals: int) -> None:
        self._only_once(name)
        integer = isinstance(tp, model.BasePrimitiveType) and tp.is_integer_type()
        if not integer:
            _nameable(tp, f"constant {name}")
        ctype = None if integer else _described(tp)
        at = self.places.name(name)
        self.parts["constants"].append({"name": name, "ctype": ctype, "claimed": None, "at": at})

    def _macro(self, name: str, value: Any, quals: int) -> None:
        self._only_once(name)
        claimed = None if value == "..." else str(value)
        at = self.places.name(name)
        self.parts["constants"].append({"name": name, "ctype": None, "claimed": claimed, "at": at})

    def _variable(self, name: str, tp: Any, quals: int) -> None:
        _lengths_outside(tp)
        described = {
            "name": name,
            "ctype": _described(tp),
            "pointer": _address(tp, quals),
            "at": self.places.name(name),
        }
        self.parts["variables"].append(described)

    def _nothing(self, name: str, tp: Any, quals: int) -> None:
        """Records and enums are found by ``visit``."""

    _struct = _union = _enum = _anonymous = _nothing

    def _record_spelling(self, name: str) -> str | None:
        if "$" not in name:
            return name
        pointer = self.named_pointers.get(name)
        return None if pointer is None else f"__typeof__(*({pointer})0)"

    def record(self, name: str, tp: Any) -> dict[str, Any]:
        """A struct or union with its fields."""
        try:
            return self._record(name, tp)
        except Exception as error:
            model.attach_exception_info(error, name)
            raise

    def _record(self, name: str, tp: Any) -> dict[str, Any]:
        if self._is_external(tp):
            return {
                "name": _known_as(tp),
                "spelling": None,
                "union": isinstance(tp, model.UnionType),
                "external": True,
                "fields": None,
                # Whether it must be more than opaque there.
                "complete": tp.fldtypes is not None,
                "pack": 0,
            }
        spelling = self._record_spelling(name)
        known_as = self.named_pointers.get(name, name)
        fields = None
        if tp.fldtypes is not None:
            fields = [self._field(known_as, tp, *field) for field in tp.enumfields()]
        if tp.packed and tp.packed > 1:
            raise NotImplementedError(
                f"{tp!r} is declared with 'pack={tp.packed!r}'; only 0 or 1 are supported in API "
                "mode (try to use \"...;\", which does not require a 'pack' declaration)"
            )
        nested = tp.fldtypes is not None and any(tp.anonymous_struct_fields())
        return {
            "name": _known_as(tp),
            "spelling": spelling,
            "union": isinstance(tp, model.UnionType),
            "fields": fields,
            "complete": not (tp.partial or nested),
            "pack": int(tp.packed),
            "at": self.places.tag(known_as),
        }

    def _field(
        self, known_as: str, record: Any, name: str, tp: Any, bits: int, quals: int
    ) -> dict[str, Any]:
        _lengths_outside(tp)
        item = tp
        while isinstance(item, model.ArrayType):
            item = item.item
        if isinstance(item, model.StructOrUnion) and item.fldtypes is None:
            raise TypeError(
                f"field '{record.name}.{name}' is of an opaque type (not declared in cdef())"
            )
        integer = isinstance(tp, model.BasePrimitiveType) and tp.is_integer_type()
        looked_at = not (integer or bits >= 0 or name == "" or "$" in bare(tp))
        return {
            "name": name,
            "ctype": _described(tp),
            "bits": bits,
            "pointer": _address(tp, quals) if looked_at else None,
            "at": self.places.field(known_as, name),
        }

    def enum(self, name: str, tp: Any) -> dict[str, Any]:
        """An enum with its names."""
        if self._is_external(tp):
            return {"name": _known_as(tp), "spelling": None, "external": True, "names": []}
        for one in tp.enumerators:
            self._only_once(one)
        spelling = None if "$" in name else name
        names = list(tp.enumerators)
        at = self.places.tag(name)
        return {"name": _known_as(tp), "spelling": spelling, "names": names, "at": at}


def _included_modules(ffi: Any) -> list[str]:
    names = []
    for other in ffi._included_ffis:
        name, source = getattr(other, "_assigned_source", (None, None))[:2]
        if name is None:
            raise VerificationError(
                f"ffi object {ffi!r} includes {other!r}, but the latter has not been prepared "
                "with set_source()"
            )
        if source is None:
            raise VerificationError(
                "not implemented yet: ffi.include() of a Python-based ffi inside a C-based ffi"
            )
        names.append(name)
    return names


def describe(ffi: Any, name: str, preamble: str) -> dict[str, Any]:
    """Everything that ``ffi`` has been told by ``cdef``, for a module of this name.

    What an included module declares stays there: its types are shared, not repeated.
    """
    found = _Describer(ffi)
    found.declarations()
    return {
        "name": name,
        "preamble": preamble,
        "records": [found.record(name, tp) for name, tp in found.records.items()],
        "enums": [found.enum(name, tp) for name, tp in found.enums.items()],
        "includes": _included_modules(ffi),
        **found.parts,
    }
