"""Finds the lines of a cdef on which things are declared.

cffi's parser does not keep them. This reads the text just far enough: names, braces, parentheses.
What it does not find is reported without a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TOKEN = re.compile(
    r"""
    (?P<skip>/\*.*?\*/ | //[^\n]* | \\\n)
  | (?P<macro>^[ \t]*\#[ \t]*define[ \t]+(?P<defined>\w+)(?:[^\n\\]|\\.)*)
  | (?P<line>^[ \t]*\#[^\n]*)
  | (?P<text>"(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*')
  | (?P<word>[A-Za-z_$][\w$]*)
  | (?P<dots>\.\.\.)
  | (?P<sign>[^\s\w])
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_TAGS = ("struct", "union", "enum")


class _Record:
    """A struct, union or enum that is being read."""

    def __init__(self, tag: str | None) -> None:
        self.tag = tag
        self.fields: dict[str, int] = {}


class Text:
    """The places in one text given to ``cdef``."""

    def __init__(self, name: str, source: str) -> None:
        self.name = name
        self.lines = source.splitlines()
        self.names: dict[str, int] = {}
        self.tags: dict[str, int] = {}
        self.fields: dict[str, dict[str, int]] = {}
        self._read(list(self._tokens(source)))

    def _tokens(self, source: str) -> Iterator[tuple[str, str, int]]:
        for found in _TOKEN.finditer(source):
            line = source.count("\n", 0, found.start()) + 1
            if found.lastgroup == "defined" or found.group("macro"):
                self.names.setdefault(found.group("defined"), line)
            elif found.group("word") or found.group("sign") or found.group("text"):
                kind = "word" if found.group("word") else "sign"
                yield kind, found.group(), line

    def _read(self, tokens: list[tuple[str, str, int]]) -> None:
        open_records: list[_Record] = []
        weak: dict[str, int] = {}
        last: _Record | None = None
        depth = 0
        for index, (kind, token, line) in enumerate(tokens):
            before = tokens[index - 1][1] if index else ";"
            after = tokens[index + 1][1] if index + 1 < len(tokens) else ";"
            if kind == "word":
                if before in _TAGS:
                    places = self.tags if after == "{" else weak
                    places.setdefault(f"{before} {token}", line)
                elif token in _TAGS or after not in ("(", ")", "[", ";", ",", "=", ":", "}"):
                    continue
                elif depth == 0 and open_records:
                    open_records[-1].fields.setdefault(token, line)
                    self.names.setdefault(token, line)
                elif depth == 0:
                    self.names.setdefault(token, line)
                    if last is not None:
                        self.fields.setdefault(token, last.fields)
                        self.tags.setdefault(token, line)
                else:
                    weak.setdefault(token, line)
                    if open_records and before == "*":
                        open_records[-1].fields.setdefault(token, line)
            elif token == "{" and before != '"Python"' and before != '"Python+C"':
                named = index > 1 and tokens[index - 2][1] in _TAGS
                open_records.append(_Record(f"{tokens[index - 2][1]} {before}" if named else None))
            elif token == "}" and open_records:
                last = open_records.pop()
                if last.tag is not None:
                    self.fields.setdefault(last.tag, last.fields)
                if open_records:
                    # Fields of a nested record without name belong to the outer one as well.
                    for field, place in last.fields.items():
                        open_records[-1].fields.setdefault(field, place)
            elif token == ";" and not open_records:
                last, depth = None, 0
            elif token == "(":
                depth += 1
            elif token == ")":
                depth -= 1
        for name, line in weak.items():
            (self.tags if " " in name else self.names).setdefault(name, line)


class Places:
    """The places in everything that an FFI object was given by ``cdef``."""

    def __init__(self, sources: list[Any]) -> None:
        own: list[str] = []
        included = 0
        for source in sources:
            if source == "[":
                included += 1
            elif source == "]":
                included -= 1
            elif not included:
                own.append(source)
        self.texts = [
            Text("<cdef>" if number == 1 else f"<cdef {number}>", source)
            for number, source in enumerate(own, 1)
        ]

    def name(self, name: str) -> dict[str, Any] | None:
        """Where a function, variable, constant or typedef is declared."""
        return self._find(lambda text: text.names.get(name))

    def tag(self, name: str) -> dict[str, Any] | None:
        """Where a struct, union or enum is declared."""
        return self._find(lambda text: text.tags.get(name))

    def field(self, record: str, name: str) -> dict[str, Any] | None:
        """Where a field of such a record is declared."""
        found = self._find(lambda text: text.fields.get(record, {}).get(name))
        return found or self.tag(record)

    def _find(self, look: Any) -> dict[str, Any] | None:
        for text in self.texts:
            line = look(text)
            if line is not None:
                return {"file": text.name, "line": line}
        return None
