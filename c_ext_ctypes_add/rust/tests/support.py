"""What the tests share: the C library, compiled once per test process."""

import atexit
import shutil
import subprocess
import tempfile
from pathlib import Path

import rust_ctypes

SOURCE = Path(__file__).with_name("probe.c")


def open_probe(**options: bool) -> rust_ctypes.CDLL:
    """A fresh `CDLL` of the compiled probe.c, so that no test sees another's prototypes."""
    return rust_ctypes.CDLL(str(_compiled()), **options)


def _compiled() -> Path:
    global _library
    if _library is None:
        folder = Path(tempfile.mkdtemp(prefix="rust-ctypes-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        made = folder / "libprobe.so"
        command = ["cc", "-std=c99", "-O1", "-shared", "-fPIC", "-pthread", "-o", str(made)]
        subprocess.run([*command, str(SOURCE)], check=True)
        _library = made
    return _library


_library = None
