"""Asks a build script for its C text and says what has to be compiled.

Runs in the work folder as `emit.py MODULE ENGINE`, where ENGINE is `-` or the module whose
`install` stands in for cffi. Writes MODULE.c and wanted.json there. The checker compiles; nothing
is compiled here.
"""

import json
import os
import sys
import traceback

# The exit code that says the fault is the engine's and not the participant's.
ENGINE_FAILED = 70

LISTS = (
    "sources",
    "include_dirs",
    "library_dirs",
    "runtime_library_dirs",
    "libraries",
    "undef_macros",
    "extra_objects",
    "extra_compile_args",
    "extra_link_args",
)


def refuse(text: str) -> None:
    """End with a message that names the build script."""
    sys.stderr.write("api_build.py: " + text + "\n")
    sys.exit(1)


def explain(error: BaseException, folder: str) -> None:
    """End with the frames of the work folder and the exception, without our own frames."""
    summary = traceback.TracebackException(type(error), error, error.__traceback__)
    if isinstance(error, SyntaxError) and error.lineno:
        place = "%s:%s:" % (os.path.basename(error.filename or "api_build.py"), error.lineno)
        line = (error.text or "").strip()
        sys.stderr.write("%s\n    %s\n%s: %s\n" % (place, line, type(error).__name__, error.msg))
        sys.exit(1)
    frames = [frame for frame in summary.stack if frame.filename.startswith(folder + os.sep)]
    for frame in frames:
        place = "%s:%s: in %s" % (os.path.relpath(frame.filename, folder), frame.lineno, frame.name)
        sys.stderr.write(place + "\n    " + (frame.line or "") + "\n")
    sys.stderr.write("".join(summary.format_exception_only()))
    sys.exit(1)


def main() -> None:
    """Import the build script and write down what it asks for."""
    module, engine = sys.argv[1:3]
    folder = os.getcwd()
    sys.path.insert(0, folder)
    if engine != "-":
        try:
            __import__(engine).install()
        except Exception:
            traceback.print_exc()
            sys.exit(ENGINE_FAILED)
    try:
        import api_build
    except BaseException as error:  # a build script may also leave with SystemExit
        explain(error, folder)
    builder = getattr(api_build, "ffibuilder", None)
    if builder is None:
        refuse("binds no `ffibuilder`; write `ffibuilder = FFI()` at module level")
    assigned = getattr(builder, "_assigned_source", None)
    if assigned is None:
        refuse("`ffibuilder.set_source(...)` was not called")
    name, preamble, _extension, keywords = assigned
    if name != module:
        refuse("set_source names %r; the lesson imports %r" % (name, module))
    if preamble is None:
        refuse("set_source has None in place of C code; API mode needs the C code")
    wanted = {key: [str(item) for item in keywords.get(key) or []] for key in LISTS}
    wanted["define_macros"] = [
        [str(macro[0]), None if macro[1] is None else str(macro[1])]
        for macro in keywords.get("define_macros") or []
    ]
    try:
        builder.emit_c_code(os.path.join(folder, module + ".c"))
    except BaseException as error:
        explain(error, folder)
    with open(os.path.join(folder, "wanted.json"), "w", encoding="utf-8") as file:
        json.dump(wanted, file)


if __name__ == "__main__":
    main()
