"""Lesson 8.1: what the eight variants are asked to show, and what this machine shows of loading."""

import ctypes.util
import json
import os
import subprocess
import sys
from pathlib import Path

from observe import attempt

HERE = Path(__file__).resolve().parent
LIBRARY = HERE / "libcheck.so"
NAME = "libcheck.so.1"


def needs_a_library(bridge):
    """Nothing is loaded when the bridge is imported: this runs first."""
    return [_refusal(bridge.version), _refusal(bridge.digit, b"7")]


def works_from_anywhere(bridge):
    """A relative folder begins where the bridge lies, not where the process stands."""
    _place(HERE / "beside")
    stood = os.getcwd()
    os.chdir("/")
    try:
        return [_found(bridge.load(["beside"])), bridge.version()]
    finally:
        os.chdir(stood)


def digits(bridge, number):
    bridge.load([_place(HERE / "good")])
    return bridge.digit(str(number).encode())


def takes_the_first_that_fits(bridge):
    older, newer = _place(HERE / "older", "1.2"), _place(HERE / "newer", "1.9")
    empty = str(HERE / "empty")
    return [
        [_found(bridge.load(folders)), bridge.version()]
        for folders in ([older, newer], [newer, older], [empty, older], [newer, newer])
    ]


def skips_what_does_not_fit(bridge):
    folders = _unfit(HERE / "unfit") + [_place(HERE / "last", "1.3")]
    return [_found(bridge.load(folders)), bridge.version(), bridge.digit(b"799273987")]


def says_where_it_looked(bridge):
    """One error: the operation, each path in its order, and each reason."""
    folders = _unfit(HERE / "looked")
    try:
        return bridge.load(folders)
    except Exception as error:
        kind, message = type(error).__name__, str(error)
    places = [message.find(f"{folder}/{NAME}") for folder in folders]
    parts = [message[a:b] for a, b in zip(places, places[1:] + [len(message)])]
    reasons = ("no such file", "cannot be loaded", "lacks a symbol", "version", "needed")
    return {
        "raised": kind,
        "operation": "load" in message[: max(places[0], 0)],
        "all in order": places == sorted(places) and -1 not in places,
        "reasons": [[reason for reason in reasons if reason in part] for part in parts],
        "what was found": [n in part for n, part in zip(("200", "101"), parts[-2:])],
        "no folder": _refusal(bridge.load, []),
    }


def keeps_what_it_has(bridge):
    bridge.load([_place(HERE / "kept", "1.7")])
    refused = attempt(bridge.load, [str(HERE / "nowhere")])
    return [refused, bridge.version(), bridge.digit(b"7992739871")]


def lets_go_of_what_it_refuses(bridge):
    """Whether a library of another version stays in the process after it was refused."""
    other = _place(HERE / "other", "2.1")
    attempt(bridge.load, [other])
    return f"{other}/{NAME}" in Path("/proc/self/maps").read_text()


def refuses_digits(bridge):
    bridge.load([_place(HERE / "good")])
    given = [b"", b"12a", b"-5", b"1\x002", "12", 12, None]
    return [_refusal(bridge.digit, one) for one in given]


def _place(folder, version="1.4"):
    """Puts a library of this version into a folder, under the name of version 1."""
    image = LIBRARY.read_bytes().replace(b"check-version 1.4", b"check-version " + version.encode())
    return _put(folder, image)


def _put(folder, image):
    folder.mkdir(exist_ok=True)
    if not (folder / NAME).exists():  # Who writes into a file that is loaded changes running code.
        (folder / NAME).write_bytes(image)
    return str(folder)


def _unfit(base):
    """Six folders: empty, a text, another processor, another library, too new, too old."""
    base.mkdir(exist_ok=True)
    image = LIBRARY.read_bytes()
    foreign = image[:18] + b"\xff\xfe" + image[20:]  # e_machine of an ELF file.
    (base / "empty").mkdir(exist_ok=True)
    return [
        str(base / "empty"),
        _put(base / "text", b"not a library\n"),
        _put(base / "foreign", foreign),
        _put(base / "stranger", image.replace(b"\0check_digit\0", b"\0other_digit\0")),
        _place(base / "new", "2.0"),
        _place(base / "old", "1.1"),
    ]


def _found(path):
    """The folder of a path, without what differs between runs."""
    return os.path.relpath(os.path.realpath(path), HERE)


def _refusal(function, *arguments):
    """The exception's class, and which things its message names."""
    try:
        return function(*arguments)
    except Exception as error:
        message = str(error)
        named = {function.__name__: "operation", "no library": "why", "status -": "status"}
        if isinstance(error, TypeError):
            named[type(arguments[0]).__name__] = "type"
        elif arguments:
            named[repr(arguments[0])] = "digits"
        return [type(error).__name__, *(thing for part, thing in named.items() if part in message)]


# Evidence: facts of the loader and of this machine. Each loads in a process of its own, because
# what a process has loaded once it finds again.


def finds_names_not_paths(bridge):
    """B9: find_library gives a SONAME, which says nothing of where the file lies."""
    name = ctypes.util.find_library("c")
    slip = attempt(ctypes.util.find_library, "libc")
    nothing = attempt(ctypes.util.find_library, "no_such_library_anywhere")
    return {
        "a path": "/" in name,
        "with a version": name.startswith("libc.so."),
        "can be opened": attempt(lambda: ctypes.CDLL(name) is not None),
        "asked with `lib`": slip in ({"returned": None}, {"raised": "FileNotFoundError"}),
        "a library that is not there": nothing,
        "finds the file beside us": attempt(ctypes.util.find_library, "check"),
    }


def searches_where_the_platform_does(bridge):
    """B11: bare names, paths, LD_LIBRARY_PATH, and what was loaded before."""
    folder = HERE / "bare"
    folder.mkdir()
    (folder / "libbare.so").write_bytes(LIBRARY.read_bytes())
    begin = "import ctypes, os\nos.chdir(FOLDER)\n"
    change = "os.environ['LD_LIBRARY_PATH'] = FOLDER\n"
    programs = {
        "a bare name": begin + "ctypes.CDLL('libbare.so')",
        "./ before it": begin + "ctypes.CDLL('./libbare.so')",
        "LD_LIBRARY_PATH, changed inside": begin + change + "ctypes.CDLL('libbare.so')",
        "./ from elsewhere": begin + "os.chdir('/')\nctypes.CDLL('./libbare.so')",
        "the same, loaded before": begin
        + "ctypes.CDLL('./libbare.so')\nos.chdir('/')\nctypes.CDLL('./libbare.so')",
    }
    observed = {name: _loads(program, folder) for name, program in programs.items()}
    outside = _loads(
        "import ctypes\nctypes.CDLL('libbare.so')", folder, LD_LIBRARY_PATH=str(folder)
    )
    return {**observed, "LD_LIBRARY_PATH, set outside": outside}


def _loads(program, folder, **changes):
    ended = _python(f"FOLDER = {str(folder)!r}\n{program}\n", **changes)
    return "loaded" if ended.returncode == 0 else ended.stderr.strip().split("\n")[-1].split(":")[0]


def predicts_what_is_loaded(bridge):
    """B15: ldd answers for its own environment, /proc/self/maps for the process."""
    folder = HERE / "predict"
    for name, number in (("a", 1), ("b", 2)):
        (folder / name).mkdir(parents=True)
        source = f"int needed(void) {{ return {number}; }}\n"
        _cc(folder, source, f"-Wl,-soname,libneeded.so.{1}", "-o", f"{name}/libneeded.so.1")
    user = "int needed(void);\nint use(void) { return needed(); }\n"
    _cc(folder, user, "-o", "libuse.so", "a/libneeded.so.1")
    (folder / "libuse.so").chmod(0o755)
    environment = {**os.environ, "LD_LIBRARY_PATH": str(folder / "a")}
    command = ["ldd", str(folder / "libuse.so")]
    listed = subprocess.run(command, env=environment, capture_output=True, text=True).stdout
    program = f"""
import ctypes, json
from pathlib import Path
used = ctypes.CDLL({str(folder / "libuse.so")!r}).use()
maps = Path("/proc/self/maps").read_text()
print(json.dumps([used, [f for f in "ab" if f"/{{f}}/libneeded" in maps]]))
"""
    answered = json.loads(_python(program, LD_LIBRARY_PATH=str(folder / "b")).stdout)
    return {
        "ldd says": [name for name in "ab" if f"/{name}/libneeded" in listed],
        "the process called": answered[0],
        "the process holds": answered[1],
        "without any path": _loads(f"import ctypes\nctypes.CDLL({command[1]!r})", folder),
    }


def mixes_versions(bridge):
    """Why RTLD_LOCAL is the default: with RTLD_GLOBAL one version answers for the other."""
    one, two = _place(HERE / "one", "1.4"), _place(HERE / "two", "2.0")
    program = f"""
import ctypes, json, os
def majors(mode):
    one = ctypes.CDLL({f"{one}/{NAME}"!r}, mode=mode)
    two = ctypes.CDLL({f"{two}/{NAME}"!r}, mode=mode)
    return [one.check_major(), two.check_major(), two.check_version()]
"""
    return {
        mode: json.loads(_python(f"{program}\nprint(majors(os.{mode} | os.RTLD_NOW))\n").stdout)
        for mode in ("RTLD_LOCAL", "RTLD_GLOBAL")
    }


def _python(program, **changes):
    """Runs a program in a fresh Python with a changed environment."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **changes},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def _cc(folder, source, *arguments):
    command = ["cc", "-shared", "-fPIC", "-x", "c", "-", "-x", "none", *arguments]
    subprocess.run(command, cwd=folder, input=source, text=True, check=True, capture_output=True)
