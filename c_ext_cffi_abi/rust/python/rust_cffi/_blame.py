"""Turns what the C compiler says about generated code into what is wrong with the cdef."""

from __future__ import annotations

import re
from typing import Any

from rust_cffi._places import Places

_SAID = re.compile(
    r"^(?P<file>.+?):(?P<line>\d+):(?:\d+:)? (?P<kind>(?:fatal )?error|warning|note): (?P<text>.*)$"
)
_FLAG = re.compile(r" \[-W[^\]]*\]$")
# How gcc and clang spell two arrays whose lengths are a size or an offset.
_NUMBERS = re.compile(r"rc_(size|offset)(?:_of_(\w+))? ?\(\*\)\[(\d+)\]")
_VALUE = re.compile(r"case value '(-?\d+)' not in enumerated type 'enum rc_value_(\w+)'")
_SNIPPET = re.compile(r"^ *\d+ \|(.*)$")


def _explained(text: str) -> str:
    """The compiler's sentence, without what only the generated code is about."""
    text = _FLAG.sub("", text).replace("\u2018", "'").replace("\u2019", "'")
    numbers = dict.fromkeys(_NUMBERS.findall(text))
    if len(numbers) == 2:
        (what, field, declared), (_, _, actual) = numbers
        of = f" of field '{field}'" if field else ""
        return f"wrong {what}{of}: the cdef says {declared}, but C says {actual}"
    value = _VALUE.search(text)
    if value:
        return f"wrong value: C says '{value[2]}' is equal to {value[1]}, but the cdef disagrees"
    return text.replace("rc_direct_", "")


class _Complaint:
    """One declaration that C contradicts, and all that the compiler says about it."""

    def __init__(self, file: str, line: int) -> None:
        self.file = file
        self.line = line
        self.said: list[str] = []

    def add(self, text: str) -> None:
        if text not in self.said:
            self.said.append(text)

    def text(self, places: Places) -> str:
        source = next((one for one in places.texts if one.name == self.file), None)
        lines = source.lines if source else []
        declared = lines[self.line - 1].strip() if self.line <= len(lines) else ""
        which = "" if self.file == "<cdef>" else f" of {self.file[1:-1]}"
        said = "".join(f"\n    {one}" for one in self.said)
        return f"line {self.line}{which}: {declared}{said}"


def complaints(ffi: Any, output: str) -> str:
    """The declarations that the compiler's output blames, each with its reasons; "" if none."""
    found: dict[tuple[str, int], _Complaint] = {}
    current: _Complaint | None = None
    header = ""
    for line in output.splitlines():
        said = _SAID.match(line)
        if said is None:
            snippet = _SNIPPET.match(line)
            if current is not None and header and snippet:
                current.add(f"{header} {snippet[1].strip()}")
                header = ""
            continue
        header = ""
        in_cdef = said["file"].startswith("<cdef")
        if said["kind"] == "note":
            if current is not None and not in_cdef:
                current.add(f"note: {_explained(said['text'])}")
                header = f"{said['file']}:{said['line']}:"
        elif in_cdef and said["kind"].endswith("error"):
            key = (said["file"], int(said["line"]))
            current = found.setdefault(key, _Complaint(*key))
            current.add(f"C compiler: {_explained(said['text'])}")
        else:
            current = None
    places = Places(ffi._cdefsources)
    return "\n".join(found[key].text(places) for key in sorted(found))
