"""Compile `_add_cffi`: python3 setup.py build_ext --inplace"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Let setuptools and cffi build the module that `add_build.py` describes."""
    sys.path.insert(0, str(HERE.parent / "tools"))
    import demo

    # Without cffi, setuptools would ignore `cffi_modules` with a mere warning.
    demo.require("setuptools", "cffi")
    from setuptools import setup

    demo.drop_foreign(HERE, "_add_cffi")
    # setuptools takes every path as relative to the working directory.
    os.chdir(HERE)
    setup(name="add_cffi", cffi_modules=["add_build.py:ffibuilder"], py_modules=[])


if __name__ == "__main__":
    main()
