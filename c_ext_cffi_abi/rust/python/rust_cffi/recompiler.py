"""Writes and builds API-mode modules; stands where cffi's own module of this name would.

cffi's ``FFI.emit_c_code``, ``FFI.compile`` and ``FFI.distutils_extension`` all come here, and so
does its setuptools keyword ``cffi_modules``. Out-of-line ABI modules hold cffi's own tables, and
are written by cffi's own recompiler.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from pathlib import Path
from typing import Any

import _rust_cffi

from rust_cffi import _front
from rust_cffi._blame import complaints
from rust_cffi._describe import describe
from rust_cffi.error import VerificationError

_tables = _front.stock_module("recompiler")
Recompiler = _tables.Recompiler
NativeIO = _tables.NativeIO
make_py_source = _tables.make_py_source
# The generated C reads integers and calls by means that the limited API does not have.
USE_LIMITED_API = False

_PATHS = ("include_dirs", "library_dirs", "runtime_library_dirs", "extra_objects")
_TEXTS = ("libraries", "extra_compile_args", "extra_link_args", "undef_macros")
_NO_MATTER = {"sources", "define_macros", "depends", "language", "py_limited_api"}


def _write_if_changed(target: Any, text: str) -> bool:
    """Writes to a path or an open file; an equal file keeps its time."""
    if hasattr(target, "write"):
        target.write(text)
        return True
    path = Path(target)
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True


def make_c_source(
    ffi: Any,
    module_name: str,
    preamble: str,
    target_c_file: Any,
    verbose: bool = False,
    check_cdef: bool = True,
) -> bool:
    """Writes the C text of the module; says whether it has changed.

    With ``check_cdef`` the C compiler will refuse what would otherwise be an error at its first
    use: wrong sizes, offsets and values, and types that do not go together.
    """
    if ffi._embedding is not None:
        raise VerificationError("rust_cffi does not write libraries that embed Python")
    if verbose:
        print(f"generating {target_c_file}")
    description = {**describe(ffi, module_name, preamble), "check": check_cdef}
    changed = _write_if_changed(target_c_file, _rust_cffi._generate(json.dumps(description)))
    if verbose and not changed:
        print("(already up-to-date)")
    return changed


def _target(tmpdir: Path, module_name: str, target: str | None) -> Path:
    *packages, last = module_name.split(".")
    if target in (None, "*"):
        target = last + sysconfig.get_config_var("EXT_SUFFIX")
    if target.endswith(".*"):
        target = target[:-2] + sysconfig.get_config_var("SHLIB_SUFFIX")
    return tmpdir.joinpath(*packages, target)


def _build(
    ffi: Any, folder: Path, c_file: Path, target: Path, debug: bool, kwds: dict[str, Any]
) -> str:
    """Compiles; as in cffi, relative paths begin in the folder that it compiles in."""
    unknown = set(kwds) - {*_NO_MATTER, *_PATHS, *_TEXTS}
    if unknown:
        raise TypeError(f"set_source() got unexpected keywords: {', '.join(sorted(unknown))}")
    job: dict[str, Any] = {name: [str(one) for one in kwds.get(name, ())] for name in _TEXTS}
    for name in _PATHS:
        job[name] = [str(folder / one) for one in kwds.get(name, ())]
    headers = [sysconfig.get_path("include"), sysconfig.get_path("platinclude")]
    job["include_dirs"] += list(dict.fromkeys(headers))
    job["define_macros"] = [tuple(macro) for macro in kwds.get("define_macros", ())]
    job["sources"] = [
        str(c_file),
        *(os.path.normpath(folder / one) for one in kwds.get("sources", ())),
    ]
    job["target"] = str(target)
    job["debug"] = debug
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _rust_cffi._compile(job)
    except _rust_cffi._CompileError as error:
        raise _verification_error(ffi, str(error)) from None


def _verification_error(ffi: Any, output: str) -> VerificationError:
    blamed = complaints(ffi, output)
    if not blamed:
        return VerificationError(output)
    return VerificationError(f"C contradicts the cdef:\n{blamed}\n\n{output}")


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
    check_cdef: bool = False,
    **kwds: Any,
) -> Any:
    """Writes the module, and builds it unless told otherwise.

    Returns the path of the built module, or ``(extension, changed)`` when nothing is built; the
    extension is None if setuptools is not asked for.
    """
    if preamble is None:
        return _tables.recompile(
            ffi,
            module_name,
            None,
            tmpdir=tmpdir,
            call_c_compiler=call_c_compiler,
            c_file=c_file,
            compiler_verbose=compiler_verbose,
        )
    if call_c_compiler and hasattr(c_file, "write"):
        raise TypeError("Writing to file-like objects is not supported with call_c_compiler=True")
    if ffi._windows_unicode:
        ffi._apply_windows_unicode(kwds)
    *packages, last = module_name.split(".")
    below = os.path.join(*packages, last + source_extension)
    if c_file is None:
        c_file = os.path.join(tmpdir, below)
        os.makedirs(os.path.dirname(c_file) or ".", exist_ok=True)
        if extradir:
            below = os.path.join(extradir, below)
    else:
        below = c_file
    changed = make_c_source(ffi, module_name, preamble, c_file, bool(compiler_verbose), check_cdef)
    if call_c_compiler:
        folder = Path(tmpdir).resolve()
        built = _target(folder, module_name, target)
        debug = bool(sys.flags.debug if debug is None else debug)
        said = _build(ffi, folder, Path(c_file), built, debug, kwds)
        if said:
            print(said, end="", file=sys.stderr)
        return str(built)
    if not uses_ffiplatform:
        return None, changed
    from setuptools import Extension

    sources = [os.fspath(below), *map(os.path.normpath, kwds.pop("sources", ()))]
    return Extension(name=module_name, sources=sources, **kwds), changed


def compile(
    ffi: Any,
    tmpdir: str = ".",
    verbose: int = 0,
    target: str | None = None,
    debug: bool | None = None,
) -> str:
    """``FFI.compile``: cffi's, but the C compiler checks the declarations as well."""
    if not hasattr(ffi, "_assigned_source"):
        raise ValueError("set_source() must be called before compile()")
    module_name, source, source_extension, kwds = ffi._assigned_source
    return recompile(
        ffi,
        module_name,
        source,
        tmpdir=tmpdir,
        target=target,
        source_extension=source_extension,
        compiler_verbose=verbose,
        debug=debug,
        check_cdef=True,
        **kwds,
    )
