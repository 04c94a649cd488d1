"""Writes and builds API-mode modules; stands where cffi's own module of this name would.

cffi's ``FFI.emit_c_code``, ``FFI.compile`` and ``FFI.distutils_extension`` all come here.
"""

from __future__ import annotations

import json
import os
import sysconfig
from pathlib import Path
from typing import Any

from rust_cffi import _rust_cffi
from rust_cffi._describe import describe
from rust_cffi.error import VerificationError

_PATHS = ("include_dirs", "library_dirs", "runtime_library_dirs", "extra_objects")
_TEXTS = ("libraries", "extra_compile_args", "extra_link_args", "undef_macros")


def _write_if_changed(target: Any, text: str) -> bool:
    """Writes to a path or an open file; an equal file keeps its time."""
    if hasattr(target, "write"):
        target.write(text)
        return True
    path = Path(target)
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return True


def make_c_source(ffi: Any, module_name: str, preamble: str, target: Any) -> bool:
    """Writes the C text of the module; says whether it has changed."""
    description = describe(ffi, module_name, preamble)
    return _write_if_changed(target, _rust_cffi._generate(json.dumps(description)))


def _target(tmpdir: Path, module_name: str, target: str | None) -> Path:
    if target in (None, "*"):
        suffix = sysconfig.get_config_var("EXT_SUFFIX")
        return tmpdir.joinpath(*module_name.split(".")).with_suffix(suffix)
    if target.endswith(".*"):
        target = target[:-2] + sysconfig.get_config_var("SHLIB_SUFFIX")
    return tmpdir / target


def _build(folder: Path, c_file: Path, target: Path, kwds: dict[str, Any]) -> None:
    """Compiles; as in cffi, relative paths begin in the folder that it compiles in."""
    unknown = set(kwds) - {"sources", "define_macros", "depends", "language", *_PATHS, *_TEXTS}
    if unknown:
        raise TypeError(f"set_source() got unexpected keywords: {', '.join(sorted(unknown))}")
    job: dict[str, Any] = {name: [str(one) for one in kwds.get(name, ())] for name in _TEXTS}
    for name in _PATHS:
        job[name] = [str(folder / one) for one in kwds.get(name, ())]
    headers = [sysconfig.get_path("include"), sysconfig.get_path("platinclude")]
    job["include_dirs"] += list(dict.fromkeys(headers))
    job["define_macros"] = [tuple(macro) for macro in kwds.get("define_macros", ())]
    job["sources"] = [str(c_file), *(str(folder / one) for one in kwds.get("sources", ()))]
    job["target"] = str(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        said = _rust_cffi._compile(job)
    except _rust_cffi._CompileError as error:
        raise VerificationError(str(error)) from None
    if said:
        print(said, end="")


def recompile(
    ffi: Any,
    module_name: str,
    preamble: str | None,
    tmpdir: str = ".",
    call_c_compiler: bool = True,
    c_file: Any = None,
    source_extension: str = ".c",
    extradir: str | None = None,
    compiler_verbose: int = 1,
    target: str | None = None,
    debug: bool | None = None,
    uses_ffiplatform: bool = True,
    **kwds: Any,
) -> Any:
    """Writes the module, and builds it unless told otherwise.

    Returns the path of the built module, or ``(extension, changed)`` when nothing is built; the
    extension is None if setuptools is not asked for.
    """
    if preamble is None:
        raise NotImplementedError(
            "rust_cffi does not write out-of-line ABI modules; call dlopen() on the FFI object"
        )
    folder = Path(tmpdir).resolve()
    if c_file is None:
        c_file = folder.joinpath(*module_name.split(".")).with_suffix(source_extension)
    changed = make_c_source(ffi, module_name, preamble, c_file)
    if call_c_compiler:
        built = _target(folder, module_name, target)
        _build(folder, Path(c_file), built, kwds)
        return str(built)
    if not uses_ffiplatform:
        return None, changed
    from setuptools import Extension

    sources = [os.fspath(c_file), *kwds.pop("sources", ())]
    return Extension(name=module_name, sources=sources, **kwds), changed
