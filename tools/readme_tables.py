"""Writes the figures of the engines into README.md.

cargo run -- conformance --all --json > target/conformance.json
cargo run -- bench --instructions --json > target/bench.json
python tools/readme_tables.py conformance target/conformance.json
python tools/readme_tables.py bench target/bench.json

Each table stands between two comments; what is outside of them stays.
"""

import json
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
BRIDGES = ("ctypes", "abi", "api", "ext")
BACKENDS = ("stock", "rust")


def main() -> None:
    """Write the table that is named first from the report that is named second."""
    tables = {"conformance": conformance, "bench": bench}
    if len(sys.argv) != 3 or sys.argv[1] not in tables:
        raise SystemExit(__doc__)
    name, path = sys.argv[1:]
    new = tables[name](json.loads(Path(path).read_text()))
    README.write_text(replaced(README.read_text(), name, new))


def conformance(report: dict) -> str:
    """A row for each suite, a column for each version of Python."""
    suites = [suite for suite in report["suites"] if "engine" in suite]
    versions = sorted({suite["python"] for suite in suites}, key=_number)
    rows = [["suite", *versions], ["---"] + ["--:"] * len(versions)]
    for title in dict.fromkeys(suite["title"] for suite in suites):
        found = {suite["python"]: _passed(suite) for suite in suites if suite["title"] == title}
        rows.append([title, *(found.get(version, "") for version in versions)])
    return _markdown(rows)


def _passed(suite: dict) -> str:
    passed, wanted = suite["engine"]["passed"], suite["stock"]["passed"]
    return f"{passed} of {wanted}"


def _number(version: str) -> "list[int]":
    return [int(part) for part in version.split(".")]


def bench(report: dict) -> str:
    """What was counted, and the goals. Raises SystemExit when times were measured instead."""
    if report["unit"] != "instructions":
        raise SystemExit("only `bench --instructions` repeats well enough to be written down")
    return f"{_costs(report)}\n{_goals(report)}"


def _costs(report: dict) -> str:
    """A row for each operation and each way to treat the GIL, a column for each variant."""
    names = [f"{bridge}/{backend}" for bridge in BRIDGES for backend in BACKENDS]
    head = ["operation", "GIL", "base", *(cell for it in BRIDGES for cell in (it, ""))]
    rows = [head, ["---", "---"] + ["--:"] * 9, ["", "", ""] + [*BACKENDS] * 4]
    for row in report["rows"]:
        held = [it for it in row["cells"] if it["gil"] != "released"]
        base = next((it["value"] for it in held if it["variant"] == report["base"]), None)
        title = row["title"]
        for gil in dict.fromkeys(it["gil"] for it in row["cells"]):
            ratios = {it["variant"]: it["ratio"] for it in row["cells"] if it["gil"] == gil}
            cells = [_ratio(ratios.get(name)) for name in names]
            rows.append([title, gil or "", "" if base is None else f"{base:.0f}", *cells])
            title = ""
    return _markdown(rows)


def _goals(report: dict) -> str:
    """A row for each goal: what may be needed at most, and what is."""
    rows = [["goal", "GIL", "variant", "held against", "at most", "counted"]]
    rows.append(["---"] * 4 + ["--:"] * 2)
    for goal in report["goals"]:
        counted = f"{goal['measured']:.2f}" + ("" if goal["met"] else " (missed)")
        cells = [goal["row"], goal["gil"] or "", goal["variant"], goal["versus"]]
        rows.append([*cells, f"{goal['most']:.2f}", counted])
    return _markdown(rows)


def _ratio(ratio: "float | None") -> str:
    """Three figures, as `bench` prints them."""
    if ratio is None:
        return ""
    return f"{ratio:.2f}" if ratio < 9.995 else f"{ratio:.1f}" if ratio < 99.95 else f"{ratio:.0f}"


def _markdown(rows: "list[list[str]]") -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def replaced(text: str, name: str, new: str) -> str:
    """The text with what stands between the two comments of a table replaced."""
    begin = f"<!-- {name}: written by tools/readme_tables.py -->"
    end = f"<!-- {name} ends -->"
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise SystemExit(f"{README} has lost the comments around the table of {name}")
    return f"{before}{begin}\n\n{new}\n{end}{after}"


if __name__ == "__main__":
    main()
