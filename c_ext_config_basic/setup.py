"""Compile `mymodule` and `mymodule_static`: python3 setup.py build_ext --inplace"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# As strict as libadd's Makefile but for two: the C API keeps functions in `void *` slots, which
# -Wpedantic forbids, and looks PyInit_* up by name, which -Wmissing-prototypes reports.
WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wstrict-prototypes"]


def main() -> None:
    """Let setuptools build one extension module for each form of the type."""
    sys.path.insert(0, str(HERE.parent / "tools"))
    import demo

    demo.require("setuptools")
    from setuptools import Extension, setup

    demo.drop_foreign(HERE, "mymodule", "mymodule_static")
    # setuptools takes every path as relative to the working directory.
    os.chdir(HERE)
    setup(
        name="mymodule",
        ext_modules=[
            Extension(
                name,
                sources=[f"{name}.c", "config.c"],
                depends=["config.h"],
                extra_compile_args=["-std=c99", *WARNINGS],
            )
            for name in ("mymodule", "mymodule_static")
        ],
        py_modules=[],
    )


if __name__ == "__main__":
    main()
