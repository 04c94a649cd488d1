"""Describes what a parsed cdef declares, as plain data for the generator."""

from __future__ import annotations

from typing import Any

from rust_cffi import model
from rust_cffi.error import VerificationError

_ENGINE_CONVERTS = {"_Bool", "long double"}


def _spelling(tp: Any) -> str:
    """The type in C, with ``&`` where a variable's name would go.

    An array whose length only the compiler knows keeps its dots.
    """
    return tp.c_name_with_marker.replace("/*...*/", "...")


def bare(tp: Any) -> str:
    """The type in C, without a name."""
    return _spelling(tp).replace("&", "")


def _class(tp: Any) -> str:
    """How values of the type cross; see ``Class`` of the generator."""
    if isinstance(tp, model.VoidType):
        return "void"
    if isinstance(tp, model.StructOrUnion):
        return "record"
    if isinstance(tp, model.PointerType):
        return "pointer"
    if not isinstance(tp, model.PrimitiveType) or tp.name in _ENGINE_CONVERTS:
        return "other"
    if tp.is_integer_type():
        unsigned = tp.name.startswith(("unsigned ", "u")) or tp.name == "size_t"
        return "unsigned" if unsigned else "signed"
    if tp.name == "char":
        return "char"
    return "float" if tp.name in ("float", "double") else "other"


def _pointer(tp: Any) -> Any:
    """A function as the pointer to it; any other type as it is."""
    return tp.as_function_pointer() if isinstance(tp, model.RawFunctionType) else tp


def _described(tp: Any) -> dict[str, str]:
    tp = _pointer(tp)
    return {"spelling": _spelling(tp), "class": _class(tp)}


class _Collector:
    """Finds every struct, union and enum that the declarations reach."""

    def __init__(self) -> None:
        self.records: dict[str, Any] = {}
        self.enums: dict[str, Any] = {}

    def visit(self, tp: Any) -> None:
        if isinstance(tp, model.StructOrUnion):
            if bare(tp) not in self.records:
                self.records[bare(tp)] = tp
                for field in tp.fldtypes or ():
                    self.visit(field)
        elif isinstance(tp, model.EnumType):
            self.enums.setdefault(bare(tp), tp)
        elif isinstance(tp, model.PointerType):
            self.visit(tp.totype)
        elif isinstance(tp, model.ArrayType):
            self.visit(tp.item)
        elif isinstance(tp, model.BaseFunctionType):
            self.visit(tp.result)
            for argument in tp.args:
                self.visit(argument)


def _record(name: str, tp: Any) -> dict[str, Any]:
    fields = None
    if tp.fldtypes is not None:
        fields = [
            {"name": field, "ctype": _described(ftype), "bits": bits}
            for field, ftype, bits, _quals in tp.enumfields()
        ]
    nested = tp.fldtypes is not None and any(tp.anonymous_struct_fields())
    return {
        "name": name,
        "union": isinstance(tp, model.UnionType),
        "fields": fields,
        "complete": not (tp.partial or nested),
        "pack": int(tp.packed),
        "spelled": "$" not in name,
    }


def _typedef(name: str, tp: Any) -> dict[str, Any] | None:
    if isinstance(tp, model.UnknownIntegerType):
        return {"name": name, "target": "integer"}
    if isinstance(tp, model.UnknownFloatType):
        return {"name": name, "target": "float"}
    if isinstance(tp, model.NamedPointerType):
        target = bare(tp.totype) + " *"
    elif isinstance(tp, model.RawFunctionType):
        target = _spelling(tp).replace("(&)", "")
    else:
        target = bare(tp)
    return None if target == name else {"name": name, "target": {"type": target}}


def _constant(name: str, tp: Any) -> dict[str, Any]:
    integer = isinstance(tp, model.BasePrimitiveType) and tp.is_integer_type()
    ctype = None if integer else _described(tp)
    return {"name": name, "ctype": ctype, "claimed": None}


def _macro(name: str, value: Any) -> dict[str, Any]:
    claimed = None if value == "..." else str(value)
    return {"name": name, "ctype": None, "claimed": claimed}


def _function(name: str, tp: Any) -> dict[str, Any]:
    return {
        "name": name,
        "result": _described(tp.result),
        "arguments": [_described(argument) for argument in tp.args],
        "pointer": _described(tp),
        "variadic": tp.ellipsis,
    }


def describe(ffi: Any, name: str, preamble: str) -> dict[str, Any]:
    """Everything that ``ffi`` has been told by ``cdef``, for a module of this name."""
    found = _Collector()
    parts: dict[str, list[Any]] = {
        kind: [] for kind in ("typedefs", "functions", "constants", "variables")
    }
    for key, (tp, _quals) in sorted(ffi._parser._declarations.items()):
        kind, _, declared = key.partition(" ")
        if kind == "macro":
            parts["constants"].append(_macro(declared, tp))
            continue
        found.visit(tp)
        if kind == "typedef":
            parts["typedefs"].append(_typedef(declared, tp))
        elif kind == "function":
            parts["functions"].append(_function(declared, tp))
        elif kind == "constant":
            parts["constants"].append(_constant(declared, tp))
        elif kind == "variable":
            parts["variables"].append({"name": declared, "ctype": _described(tp)})
        elif kind in ("extern_python", "dllexport_python"):
            raise VerificationError(
                f'{declared}: rust_cffi does not write extern "Python" functions; '
                "ffi.callback() makes a C function of a Python one"
            )
    parts["typedefs"] = [one for one in parts["typedefs"] if one is not None]
    return {
        "name": name,
        "preamble": preamble,
        "records": [_record(name, tp) for name, tp in found.records.items()],
        "enums": [
            {"name": name, "names": list(tp.enumerators), "spelled": "$" not in name}
            for name, tp in found.enums.items()
        ],
        **parts,
    }
