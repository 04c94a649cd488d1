"""Measures the rows of a bench, all variants side by side in one process.

Takes one JSON object as its argument: `do` (`time`, `count` or `stamp`), `paths` (put in front of
sys.path), `library` (calls.h as a shared library), `variants`, `rows` (each with `name`, `calls`
and `crosses`), `sizes`, `rounds`, `install` (whether rust_ctypes stands in for ctypes), `lesson`
(null, or `calls` and `variants`, each with `name`, `folder`, `module` and `replace`, to be measured
instead). Writes one JSON object on standard output.

`time` answers with the fewest nanoseconds of thread CPU time per call, the empty loop subtracted.
`count` calls `mark` before and after each loop; whoever counts instructions begins anew there.
"""

import gc
import importlib
import json
import sys
import time
from itertools import repeat
from typing import Any, Callable, NamedTuple


def unrolled(calls: int) -> int:
    """How often a statement stands in the body of its loop, so that the loop costs little."""
    return 10 if calls % 10 == 0 else 1


class Cell(NamedTuple):
    """One row through one variant. `gil` is None where no C function is called."""

    row: str
    variant: str
    gil: "str | None"
    run: Callable


def looping(call: "Any | None", times: int) -> Callable:
    """A function of a count and a clock that executes the statement times * count times."""
    statement, names = (call.statement, dict(call.names)) if call else ("pass", {})
    body = "\n        ".join([statement] * times)
    source = (
        f"def run(count, clock, {', '.join(names)}):\n"
        "    start = clock()\n"
        "    for _ in repeat(None, count):\n"
        f"        {body}\n"
        "    return clock() - start\n"
    )
    scope: dict = {"repeat": repeat}
    exec(source, scope)
    run = scope["run"]
    return lambda count, clock: run(count, clock, **names)


def cells_of(row: dict, opened: dict, failures: list) -> list:
    """The cells of a row, each proved to do its work; what does not work goes to `failures`."""
    cells = []
    for variant, sides in opened.items():
        gils = sides if row["crosses"] else list(sides)[:1]
        for gil in gils:
            shown = gil if row["crosses"] else None
            make = getattr(sides[gil], row["name"], None)
            try:
                call = make() if make is not None else None
                if call is not None:
                    call.verify()
                    run = looping(call, unrolled(row["calls"]))
                    cells.append(Cell(row["name"], variant, shown, run))
            except Exception as error:
                text = f"{type(error).__name__}: {error}"
                failures.append(
                    {"row": row["name"], "variant": variant, "gil": shown, "error": text}
                )
    return cells


def fewest(cells: list, calls: int, rounds: int) -> list:
    """The least time of each cell, in turn; the empty loop is one of them and is subtracted."""
    times = unrolled(calls)
    runs = [looping(None, times), *(cell.run for cell in cells)]
    count = calls // times
    best = [float("inf")] * len(runs)
    for _ in range(rounds):
        for index, run in enumerate(runs):
            best[index] = min(best[index], run(count, time.thread_time_ns))
        gc.collect()
    return [max(spent - best[0], 0) / calls for spent in best[1:]]


def count_marked(cells: list, calls: int) -> None:
    """Run each cell once to warm up, then in a short and in a long loop between marks."""
    from bench_base import mark

    times = unrolled(calls)
    count = calls // times
    for run in [looping(None, times), *(cell.run for cell in cells)]:
        run(count, int)
        mark()
        run(count, int)
        mark()
        run(2 * count, int)
        mark()


def described(cell: Cell) -> dict:
    return {"row": cell.row, "variant": cell.variant, "gil": cell.gil}


def comparisons(size: int) -> int:
    """How often the C library's qsort compares; it is the same numbers each time."""
    from array import array

    from bench_base import sort
    from calls import unsorted

    compared = []

    def order(left: int, right: int) -> int:
        compared.append(None)
        return left - right

    numbers = array("i", unsorted(size))
    sort(array("i", numbers), numbers, order)
    return len(compared)


def measure(request: dict) -> dict:
    from calls import Sizes
    from sides import open_sides

    sizes = Sizes(**request["sizes"])
    if request.get("lesson"):
        from lesson_side import open_lesson

        opened = open_lesson(request["lesson"])
    else:
        opened = {name: open_sides(name, request["library"], sizes) for name in request["variants"]}
    failures: list = []
    answer: list = []
    gc.disable()
    for row in request["rows"]:
        cells = cells_of(row, opened, failures)
        if request["do"] == "count":
            count_marked(cells, row["calls"])
            answer.append({"row": row["name"], "variant": "", "gil": None, "value": None})
            answer += [{**described(cell), "value": None} for cell in cells]
            continue
        for cell, spent in zip(cells, fewest(cells, row["calls"], request["rounds"])):
            answer.append({**described(cell), "value": spent})
    names = [row["name"] for row in request["rows"]]
    compared = comparisons(request["sizes"]["sort"]) if "sort" in names else 0
    return {"cells": answer, "failures": failures, "comparisons": compared}


def version_of(name: str) -> "str | None":
    try:
        return importlib.import_module(name).__version__
    except ImportError:
        return None


def stamp() -> dict:
    """What was measured: interpreter, packages, and how each engine was optimised."""
    import platform
    import sysconfig

    engines = {
        name: str(getattr(importlib.import_module(name), "__opt_level__", "unknown"))
        for name in ("rust_ctypes._rust_ctypes", "_rust_cffi", "rust_config._rust_config")
    }
    for name in ("_rust_bench", "_rust_bench_macros"):
        engines[name] = str(importlib.import_module(name).__opt_level__)
    return {
        "python": platform.python_version(),
        "build": " ".join(platform.python_build()),
        "compiler": platform.python_compiler(),
        "configured": sysconfig.get_config_var("CONFIG_ARGS") or "",
        "optimisation": sysconfig.get_config_var("OPT") or "",
        "shared": bool(sysconfig.get_config_var("Py_ENABLE_SHARED")),
        "cffi": version_of("cffi"),
        "numpy": version_of("numpy"),
        "engines": engines,
    }


def main() -> None:
    request = json.loads(sys.argv[1])
    sys.path[:0] = request["paths"]
    if request.get("install"):
        importlib.import_module("rust_ctypes").install()
    answer = stamp() if request["do"] == "stamp" else measure(request)
    json.dump(answer, sys.stdout)


main()
