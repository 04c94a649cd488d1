"""Writes the conformance figures into README.md.

cargo run -- conformance --all --json > target/conformance.json
python tools/conformance_table.py target/conformance.json

The table stands between two comments; what is outside of them stays.
"""

import json
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN = "<!-- conformance: written by tools/conformance_table.py -->"
END = "<!-- conformance ends -->"


def table(report: dict) -> str:
    """The figures of a report: a row for each suite, a column for each version of Python."""
    suites = [suite for suite in report["suites"] if "engine" in suite]
    versions = sorted({suite["python"] for suite in suites}, key=_number)
    titles = list(dict.fromkeys(suite["title"] for suite in suites))
    rows = [["suite", *versions], ["---"] + ["--:"] * len(versions)]
    for title in titles:
        found = {suite["python"]: _cell(suite) for suite in suites if suite["title"] == title}
        rows.append([title, *(found.get(version, "") for version in versions)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _cell(suite: dict) -> str:
    passed, wanted = suite["engine"]["passed"], suite["stock"]["passed"]
    return f"{passed} of {wanted}"


def _number(version: str) -> "list[int]":
    return [int(part) for part in version.split(".")]


def replaced(text: str, new: str) -> str:
    """The text with what stands between the two comments replaced."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{README} has lost the comments around the table")
    return f"{before}{BEGIN}\n\n{new}\n{END}{after}"


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    report = json.loads(Path(sys.argv[1]).read_text())
    README.write_text(replaced(README.read_text(), table(report)))


if __name__ == "__main__":
    main()
