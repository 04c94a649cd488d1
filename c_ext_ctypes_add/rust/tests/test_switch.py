"""The switch of an environment: every process, children of every kind included."""

import os
import subprocess
import tempfile
import unittest
import venv
from pathlib import Path

import rust_ctypes

WHICH = "import ctypes; print(ctypes.__name__)"
CHILDREN = """
import multiprocessing, subprocess, sys
import ctypes

def name():
    import ctypes
    return ctypes.__name__

if __name__ == "__main__":
    code = "import ctypes, _ctypes; print(ctypes.__name__, _ctypes.__name__)"
    for options in ([], ["-I"], ["-E", "-s"]):
        subprocess.run([sys.executable, *options, "-c", code], check=True)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.apply(name), pool.apply(ctypes.c_int.__module__.upper))
"""


class Switch(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        venv.create(self.folder, with_pip=False, symlinks=True)
        self.python = str(self.folder / "bin" / "python")

    def install(self) -> None:
        """Makes the package importable in the environment, as an installation does."""
        site = next(self.folder.glob("lib/python*/site-packages"))
        package = Path(rust_ctypes._rust_ctypes.__file__).parent.parent
        (site / "engines.pth").write_text(f"{package}\n")

    def run_python(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        return subprocess.run(
            [self.python, *arguments],
            env={**clean, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def test_on_and_off(self) -> None:
        self.install()
        self.assertEqual(self.run_python("-c", WHICH).stdout, "ctypes\n")
        done = self.run_python("-m", "rust_ctypes", "enable")
        self.assertEqual(
            (done.returncode, done.stdout[:34]), (0, "rust_ctypes in place of ctypes: on")
        )
        for options in ((), ("-I",)):
            self.assertEqual(self.run_python(*options, "-c", WHICH).stdout, "rust_ctypes\n")
        self.assertEqual(self.run_python("-S", "-c", WHICH).stdout, "ctypes\n")
        self.assertEqual(self.run_python("-c", WHICH, RUST_CTYPES="off").stdout, "ctypes\n")
        for _ in range(2):
            done = self.run_python("-m", "rust_ctypes", "disable")
            self.assertEqual(done.stdout, "rust_ctypes in place of ctypes: off\n")
        self.assertEqual(self.run_python("-c", WHICH).stdout, "ctypes\n")
        self.assertEqual(self.run_python("-m", "rust_ctypes", "status").stdout[-4:], "off\n")

    def test_children_of_every_kind(self) -> None:
        self.install()
        self.run_python("-m", "rust_ctypes", "enable")
        script = self.folder / "children.py"
        script.write_text(CHILDREN)
        done = self.run_python(str(script))
        children = ["rust_ctypes rust_ctypes._rust_ctypes"] * 3
        self.assertEqual(done.stdout.splitlines(), [*children, "rust_ctypes RUST_CTYPES"])

    def test_what_is_not_installed_is_not_switched_on(self) -> None:
        package = str(Path(rust_ctypes._rust_ctypes.__file__).parent.parent)
        done = self.run_python("-m", "rust_ctypes", "enable", PYTHONPATH=package)
        self.assertEqual(done.returncode, 1)
        self.assertIn("install it there first", done.stdout)
        self.assertEqual(self.run_python("-c", WHICH).stdout, "ctypes\n")

    def test_what_is_found_too_late_is_not_switched_on(self) -> None:
        self.install()
        paths = next(self.folder.glob("lib/python*/site-packages/engines.pth"))
        paths.rename(paths.with_name("zz_last.pth"))
        done = self.run_python("-m", "rust_ctypes", "enable")
        self.assertEqual((done.returncode, "too late" in done.stdout), (1, True))
        self.assertEqual(self.run_python("-c", WHICH).stdout, "ctypes\n")

    def test_a_wrong_word(self) -> None:
        self.install()
        done = self.run_python("-m", "rust_ctypes", "on")
        self.assertEqual(done.returncode, 2)
        self.assertIn("invalid choice", done.stdout)


if __name__ == "__main__":
    unittest.main()
