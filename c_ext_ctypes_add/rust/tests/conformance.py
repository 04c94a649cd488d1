"""Runs the interpreter's own tests of ctypes over the engine and compares with stock.

    python conformance.py [--package FOLDER] [PATTERN ...]

Each test file runs twice, each time in a process of its own: over the stock ``_ctypes``, and with
the engine in its place in ``sys.modules`` before ``ctypes`` is imported. A test that passes on
stock and does not on the engine is printed; a skip that stock does not have counts as a failure.
``_ctypes_test``, the C library of these tests, must be there.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

CHILD = """
import json, os, sys, unittest
folder, name, report = sys.argv[1:4]
if folder:
    sys.path.insert(0, folder)
    import importlib.machinery, importlib.util
    package = os.path.join(folder, "rust_ctypes")
    files = [os.path.join(package, "_rust_ctypes" + suffix)
             for suffix in importlib.machinery.EXTENSION_SUFFIXES]
    file = next(path for path in files if os.path.exists(path))
    spec = importlib.util.spec_from_file_location("_rust_ctypes", file)
    engine = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(engine)
    sys.modules["_ctypes"] = engine
import _ctypes_test

class Result(unittest.TextTestResult):
    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self.outcomes = {}
    def startTest(self, test):
        super().startTest(test)
        self.outcomes[test.id()] = "passed"
        self.save()
    def addError(self, test, error):
        super().addError(test, error)
        self.outcomes[test.id()] = "failed"
    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.outcomes[test.id()] = "failed"
    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.outcomes[test.id()] = "failed"
    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.outcomes[test.id()] = "skipped"
    def save(self):
        # Written before each test, so that a crash leaves the name of the test that crashed.
        with open(report, "w") as out:
            json.dump(self.outcomes, out)

suite = unittest.defaultTestLoader.loadTestsFromName(name)
result = unittest.TextTestRunner(resultclass=Result, verbosity=2).run(suite)
result.save()
with open(report + ".end", "w") as out:
    out.write("end")
"""


def test_modules() -> "list[str]":
    """The names of the test modules of this Python."""
    for package in ("ctypes.test", "test.test_ctypes"):
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.submodule_search_locations:
            folder = Path(spec.submodule_search_locations[0])
            return [f"{package}.{path.stem}" for path in sorted(folder.glob("test_*.py"))]
    raise SystemExit("this Python comes without the tests of ctypes")


def run(module: str, folder: str, scratch: Path) -> "tuple[dict[str, str], str]":
    """Outcomes of one module's tests, and what its process printed."""
    report = scratch / "report.json"
    for leftover in (report, Path(f"{report}.end")):
        leftover.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, folder, module, str(report)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=300,
        cwd=scratch,
    )
    outcomes = json.loads(report.read_text()) if report.exists() else {}
    if not Path(f"{report}.end").exists():
        # The last test that was started has ended the process.
        if outcomes:
            outcomes[list(outcomes)[-1]] = f"crashed ({done.returncode})"
        else:
            outcomes[module] = f"not loaded ({done.returncode})"
    return outcomes, done.stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", default=os.environ.get("RUST_CTYPES_FOLDER", ""))
    parser.add_argument("--verbose", action="store_true", help="show the output of failing files")
    parser.add_argument("patterns", nargs="*")
    options = parser.parse_args()
    folder = options.package
    if not folder:
        spec = importlib.util.find_spec("rust_ctypes")
        if spec is None or spec.origin is None:
            raise SystemExit("rust_ctypes is not importable here; pass --package FOLDER")
        folder = str(Path(spec.origin).parent.parent)
    passed = wanted = skipped = 0
    with tempfile.TemporaryDirectory() as scratch:
        for module in test_modules():
            if options.patterns and not any(part in module for part in options.patterns):
                continue
            stock, _ = run(module, "", Path(scratch))
            engine, output = run(module, folder, Path(scratch))
            bad = []
            for test, outcome in stock.items():
                if outcome == "skipped":
                    skipped += 1
                if outcome != "passed":
                    continue
                wanted += 1
                ours = engine.get(test, "missing")
                passed += ours == "passed"
                if ours != "passed":
                    bad.append(f"  {ours}: {test}")
            extra = [f"  {engine[t]}: {t}" for t in engine if t not in stock]
            if bad or extra:
                print(module, *bad, *extra, sep="\n")
                if options.verbose:
                    print(output)
    version = ".".join(map(str, sys.version_info[:3]))
    share = 100 * passed / wanted if wanted else 0
    print(
        f"Python {version}: {passed} of {wanted} pass ({share:.1f} %), {skipped} skipped by stock"
    )
    return 0 if passed == wanted else 1


if __name__ == "__main__":
    sys.exit(main())
