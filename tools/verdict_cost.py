"""Measures what a verdict on an edit of a Python bridge costs, for each variant of a lesson.

python tools/verdict_cost.py --checker target/release/checker --lesson 7.3

It copies the workshop, watches one variant after the other there, and saves the solution again
and again: with its first function made to raise, and as it is, which passes. Each cost is CPU time
of all processes for one run of the bridge; a verdict that passes may take two runs, since results
must follow a number that is compiled into the C library. Beside it stand, measured in turn with it,
a bare Python that imports ctypes, and the lesson's Python importing what the bridge imports: no
verdict can be quicker than that.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from save_to_start import ROOT, Watch, cost_of, cost_of_import, executed, save

BRIDGES = ["ctypes", "abi"]
BACKENDS = ["stock", "rust"]
# What is made anew in a copy, or is not needed there.
LEFT_OUT = shutil.ignore_patterns("target", ".venv", ".git")


def imports_of(text: str, bridge: str, backend: str) -> str:
    """A program that imports what a bridge imports, and makes an FFI where it makes one."""
    nodes = [it for it in ast.parse(text).body if isinstance(it, (ast.Import, ast.ImportFrom))]
    lines = [ast.unparse(node) for node in nodes]
    if bridge == "abi":
        lines.append("FFI().cdef('int add(int, int);')")
    if backend == "rust":
        engine = {"ctypes": "rust_ctypes", "abi": "rust_cffi"}[bridge]
        lines.insert(0, f"import {engine}; {engine}.install()")
    return "\n".join(lines)


def raising(text: str) -> str:
    """A bridge whose first function is still to be written."""
    functions = (it.name for it in ast.parse(text).body if isinstance(it, ast.FunctionDef))
    name = next(it for it in functions if not it.startswith("_"))
    return f"{text}\n\ndef {name}(*args):\n    raise NotImplementedError('still to be done')\n"


class Variant:
    """One variant of a lesson under watch, in a copy of the workshop."""

    def __init__(self, checker: Path, root: Path, lesson: str, bridge: str, backend: str) -> None:
        folder = root / "lessons" / f"lesson-{lesson}"
        self.path = folder / "exercise" / f"{bridge}_bridge.py"
        self.right = (folder / "solution" / self.path.name).read_text()
        self.needs = imports_of(self.right, bridge, backend)
        self.python = root / ".venv" / "bin" / "python"
        self.watch = Watch(checker, root, bridge, backend, lesson)
        # Engines may have to be built first.
        self.verdict(patience=1200)

    def verdict(self, patience: float = 60) -> dict:
        told = self.watch.event("result", patience)
        if told is None:
            raise SystemExit(f"no verdict came within {patience:.0f} s")
        return told[1]["report"]["lessons"][0]["variants"][0]

    def edit(self, text: str, verdict: str) -> None:
        """Saves the text, and waits for this verdict."""
        # A verdict on the same content would be remembered.
        save(self.path, f"{text}# {time.time()}\n", rename=False)
        told = self.verdict()["verdict"]
        if told != verdict:
            raise SystemExit(f"the verdict was {told}, not {verdict}")

    def runs(self, text: str, verdict: str) -> int:
        """How often an edit runs the bridge, once its solution has been run for comparison."""
        self.edit(text, verdict)
        told = executed(self.watch.process.pid, lambda: self.edit(text, verdict))
        runs = told.split().count("python")
        if runs == 0:
            raise SystemExit(f"the runs of the bridge cannot be counted: {told}")
        return runs

    def cost(self, text: str, verdict: str) -> float:
        """CPU seconds of an edit."""
        before = self.watch.cpu()
        self.edit(text, verdict)
        # The check has told its result, and now ends.
        time.sleep(0.05)
        return self.watch.cpu() - before

    def row(self, edits: int) -> str:
        """The figures of this variant, as cells of a table."""
        bare, least, cells = [], [], []
        for text, verdict in ((raising(self.right), "exception"), (self.right, "passed")):
            runs = self.runs(text, verdict)
            per_run = []
            for _ in range(edits):
                per_run.append(self.cost(text, verdict) / runs)
                bare.append(cost_of_import())
                least.append(cost_of(self.python, self.needs))
            cells.append((statistics.mean(per_run), runs))
        self.watch.process.terminate()
        self.watch.process.wait()
        unit = statistics.mean(bare)
        told = [f"{cost * 1000:.0f} ms, {cost / unit:.2f} ({runs})" for cost, runs in cells]
        least = statistics.mean(least)
        return " | ".join([*told, f"{least * 1000:.0f} ms, {least / unit:.2f}"])


def main() -> int:
    """Measures all variants with a Python bridge, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checker", type=Path, required=True, help="the binary to measure")
    parser.add_argument("--lesson", default="7.3")
    parser.add_argument("--edits", type=int, default=20, help="verdicts of each kind")
    args = parser.parse_args()
    os.environ.setdefault("CHECKER_CACHE", str(ROOT / "target" / "checker"))
    print("| | failing (runs) | passing (runs) | imports alone |")
    print("| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "workshop"
        shutil.copytree(ROOT, root, ignore=LEFT_OUT, symlinks=True)
        for bridge in BRIDGES:
            for backend in BACKENDS:
                variant = Variant(args.checker.resolve(), root, args.lesson, bridge, backend)
                print(f"| {bridge}/{backend} | {variant.row(args.edits)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
