"""Runs one file of a suite, on stock or on an engine, and writes down what became of each test.

    python child.py JSON

The argument is an object with ``runner`` (``unittest``, ``pytest`` or ``checks``), ``target`` (a
module, a file, or a script), ``engines`` (which to put in place before anything of the suite is
imported) and ``report`` (the file to write). Each line of the report is an object: a test that
starts, a test that has ended, or the end of all. They are written at once, so that a crash leaves
the name of the test that crashed.
"""

import importlib
import importlib.machinery
import importlib.util
import json
import os
import sys
import unittest
from types import ModuleType
from typing import Any, Optional


class Report:
    """The file that the checker reads."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "w", encoding="utf-8")
        self._worst = {}
        self._order = ["passed", "skipped", "failed"]

    def started(self, test: str) -> None:
        self._write({"started": test})

    def ended(self, test: str, outcome: str, detail: str = "", value: str = "") -> None:
        """Of several outcomes of one test, as its subtests have them, the worst counts."""
        known = self._worst.get(test, "passed")
        if self._order.index(outcome) < self._order.index(known):
            return
        self._worst[test] = outcome
        self._write({"test": test, "outcome": outcome, "detail": detail[-2000:], "value": value})

    def end(self) -> None:
        self._write({"end": True})

    def _write(self, entry: dict) -> None:
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()


def _native(package: str) -> ModuleType:
    """The extension module of an engine, without the package around it."""
    folder = importlib.util.find_spec(package).submodule_search_locations[0]
    name = f"_{package}"
    for suffix in importlib.machinery.EXTENSION_SUFFIXES:
        file = os.path.join(folder, name + suffix)
        if os.path.exists(file):
            spec = importlib.util.spec_from_file_location(name, file)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    raise ImportError(f"{package} has no extension module for this Python")


def put_in_place(engine: str) -> None:
    """Puts an engine where the stock module would be found."""
    if engine == "_ctypes":
        # The interpreter's own tests look at names such as `ctypes.c_int.__module__`: its own
        # package is imported, under its own name, over our `_ctypes`.
        sys.modules["_ctypes"] = _native("rust_ctypes")
        for name in [name for name in sys.modules if name.split(".")[0] == "ctypes"]:
            del sys.modules[name]
    else:
        importlib.import_module(engine).install()


def check_in_place(engine: str) -> None:
    """Raises unless the engine is what code of the suite has been importing."""
    shadowed = "_ctypes" if engine in ("_ctypes", "rust_ctypes") else "_cffi_backend"
    module = sys.modules[shadowed]
    if "rust" not in module.__name__:
        raise RuntimeError(f"the suite has put {module!r} in place of the engine")


def _message(error: tuple) -> str:
    kind, value, _ = error
    return f"{kind.__name__}: {value}"


class _Result(unittest.TestResult):
    def __init__(self, report: Report) -> None:
        super().__init__()
        self._report = report

    def startTest(self, test: Any) -> None:  # noqa: N802
        super().startTest(test)
        self._report.started(test.id())

    def addSuccess(self, test: Any) -> None:  # noqa: N802
        self._report.ended(test.id(), "passed")

    def addExpectedFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        self._report.ended(test.id(), "passed")

    def addUnexpectedSuccess(self, test: Any) -> None:  # noqa: N802
        self._report.ended(test.id(), "failed", "passes, which the suite does not expect")

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802
        self._report.ended(test.id(), "failed", _message(err))

    def addFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        self._report.ended(test.id(), "failed", _message(err))

    def addSubTest(self, test: Any, subtest: Any, err: Optional[Any]) -> None:  # noqa: N802
        if err is not None:
            self._report.ended(test.id(), "failed", f"{subtest}: {_message(err)}")

    def addSkip(self, test: Any, reason: str) -> None:  # noqa: N802
        # A skipped subtest comes here too; the test that it belongs to goes on.
        if not hasattr(test, "test_case"):
            self._report.ended(test.id(), "skipped", reason)


def run_unittest(target: str, report: Report) -> None:
    """Runs a module's tests."""
    unittest.defaultTestLoader.loadTestsFromName(target).run(_Result(report))


class _Plugin:
    def __init__(self, report: Report) -> None:
        self._report = report

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._report.ended(f"{report.nodeid} (collection)", "failed", report.longreprtext)
        elif report.skipped:
            self._report.ended(f"{report.nodeid} (collection)", "skipped", report.longrepr[2])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._report.started(nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.skipped:
            reason = getattr(report, "wasxfail", None)
            reason = f"expected to fail: {reason}" if reason is not None else report.longrepr[2]
            self._report.ended(report.nodeid, "skipped", reason)
        elif report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            said = report.longreprtext if crash is None else crash.message
            self._report.ended(report.nodeid, "failed", said)
        elif report.when == "call":
            self._report.ended(report.nodeid, "passed")


def run_pytest(target: str, report: Report) -> None:
    """Runs a file's tests; what pytest prints stays on the standard streams."""
    import pytest

    code = pytest.main(
        ["-p", "no:cacheprovider", "-q", "--tb=short", target], plugins=[_Plugin(report)]
    )
    if code in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR):
        raise RuntimeError(f"pytest ended with {code!r}")


def run_checks(target: str, report: Report) -> None:
    """Calls each ``check_*`` function of a script; what it returns is compared with stock."""
    package = os.path.splitext(os.path.basename(target))[0]
    spec = importlib.util.spec_from_file_location(f"checks_of_{package}", target)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        checks = [name for name in vars(module) if name.startswith("check_")]
    except Exception as error:
        report.ended(f"{package}::import", "failed", f"{type(error).__name__}: {error}")
        return
    for name in checks:
        test = f"{package}::{name}"
        report.started(test)
        try:
            report.ended(test, "passed", value=repr(getattr(module, name)()))
        except Exception as error:
            report.ended(test, "failed", f"{type(error).__name__}: {error}")


RUNNERS = {"unittest": run_unittest, "pytest": run_pytest, "checks": run_checks}


def main() -> None:
    job = json.loads(sys.argv[1])
    report = Report(job["report"])
    sys.path.insert(0, os.getcwd())
    for engine in job["engines"]:
        put_in_place(engine)
    for name in job["needs"]:
        importlib.import_module(name)
    RUNNERS[job["runner"]](job["target"], report)
    for engine in job["engines"]:
        check_in_place(engine)
    report.end()


if __name__ == "__main__":
    main()
