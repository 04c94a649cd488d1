"""Run the engines' tests where a wrong access to memory does not go unnoticed.

    .venv/bin/python tools/soundness.py [--quick] [--with asan|valgrind] [--fuzz SECONDS]

Run it with the `.venv` that `cargo run -- setup` makes. The engines are built with
AddressSanitizer, which sees every access that their own code makes; the runtime is the C
compiler's, loaded before Python. Where the C compiler has none, valgrind watches the engines as
they are: slower, and blind to what stays inside a block.

A control comes first: an engine is asked for a field beyond the end of its memory, and the tool has
to say so. Then follow clib's tests, the engines' tests, and the interpreter's own tests of ctypes;
`--quick` leaves the last out. `--fuzz` gives each fuzz target that many seconds, where `cargo fuzz`
is installed.
"""

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Callable, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "soundness"
ENGINES = {
    "rust_ctypes": Path("c_ext_ctypes_add/rust"),
    "rust_cffi": Path("c_ext_cffi_abi/rust"),
}
# What the control does: four bytes behind a block of 400 are read. Nothing in Python refuses it.
CONTROL = """
import rust_ctypes
memory = rust_ctypes.create_string_buffer(400)
rust_ctypes.cast(memory, rust_ctypes.POINTER(rust_ctypes.c_int))[100]
"""
# These count blocks of Python's own allocator, which is out of use here; `cargo test` runs them.
ELSEWHERE = {"test_leaks"}
TEST_SECONDS = 900
ASAN_OPTIONS = [
    "abort_on_error=1",
    # Too large a request is answered with NULL, as without the tool: tests make such requests.
    "allocator_may_return_null=1",
    # Python keeps much until the process ends; the engines' leak tests count instead.
    "detect_leaks=0",
    "detect_stack_use_after_return=1",
    "log_path={folder}/log",
]


class Watch(NamedTuple):
    """A tool that watches, as what is put before a command and into its environment."""

    name: str
    prefix: list[str]
    environment: dict[str, str]
    site: Path
    # Gives the complaints about the engines in what a run has left in its folder.
    complaints: Callable[[Path], list[str]]


def main() -> None:
    """Run everything that was asked for; the exit code is 1 when something was found."""
    options = arguments()
    if importlib.util.find_spec("cffi") is None:
        sys.exit("soundness.py: this Python has no cffi; run it with .venv/bin/python")
    WORK.mkdir(parents=True, exist_ok=True)
    watch = choose(options.tool)
    if watch is None:
        sys.exit(
            "soundness.py: neither the C compiler's libasan nor valgrind is here\n"
            "  next: install one of them (Debian: libasan comes with gcc; `apt install valgrind`)"
        )
    control(watch)
    failures = [*clib(watch), *engines(watch)]
    if not options.quick:
        failures += test_ctypes(watch)
    if options.fuzz:
        failures += fuzz(options.fuzz)
    for failure in failures:
        print(failure)
    if failures:
        sys.exit(f"soundness: {len(failures)} of the runs above failed")
    print(f"soundness: nothing found with {watch.name}")


def arguments() -> argparse.Namespace:
    """What was typed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="leave out the tests of ctypes")
    parser.add_argument("--with", dest="tool", choices=["asan", "valgrind"], help="insist on it")
    parser.add_argument("--fuzz", type=int, metavar="SECONDS", help="for each fuzz target")
    return parser.parse_args()


def choose(tool: "str | None") -> "Watch | None":
    """The tool that was asked for, or the better of those that are here."""
    runtime = asan_runtime()
    if tool != "valgrind" and runtime is not None:
        return asan(runtime)
    if tool != "asan" and shutil.which("valgrind"):
        return valgrind()
    if tool is not None:
        sys.exit(f"soundness.py: {tool} is not here")
    return None


def asan_runtime() -> "Path | None":
    """The C compiler's AddressSanitizer, where it has one."""
    said = subprocess.run(["cc", "-print-file-name=libasan.so"], capture_output=True, text=True)
    path = Path(said.stdout.strip())
    return path.resolve() if path.is_absolute() else None


def asan(runtime: Path) -> Watch:
    """Builds the engines with AddressSanitizer, and says how to run them."""
    packages = [f"--package={name.replace('_', '-')}" for name in ENGINES]
    cargo(
        ["build", "--profile", "engine", *packages],
        # The runtime comes with the process, since Python itself has none.
        rustflags="-Zsanitizer=address -Zexternal-clangrt",
        target_dir=WORK / "engines",
        # What decides over speed is left out: it is not what is looked at, and takes minutes.
        CARGO_PROFILE_ENGINE_LTO="off",
        CARGO_PROFILE_ENGINE_CODEGEN_UNITS="16",
    )
    site = place(WORK / "engines" / target() / "engine")
    environment = {"LD_PRELOAD": str(runtime), "ASAN_OPTIONS": ":".join(ASAN_OPTIONS)}
    return Watch("AddressSanitizer", [], environment, site, asan_complaints)


def asan_complaints(folder: Path) -> list[str]:
    """Every error counts, in whatever library: Python and libc are watched along."""
    said = [log.read_text(errors="replace") for log in sorted(folder.glob("log.*"))]
    return [report for report in said if "ERROR: AddressSanitizer" in report]


def valgrind() -> Watch:
    """The engines as the checker has built them for the `.venv`, below valgrind."""
    package = importlib.util.find_spec("rust_ctypes")
    if package is None:
        sys.exit("soundness.py: this Python has no engines; run it with .venv/bin/python")
    prefix = [
        "valgrind",
        "--quiet",
        "--leak-check=no",
        "--num-callers=30",
        "--sigill-diagnostics=no",
    ]
    prefix += ["--log-file={folder}/log.%p"]
    return Watch("valgrind", prefix, {}, Path(package.origin).parent.parent, valgrind_complaints)


def valgrind_complaints(folder: Path) -> list[str]:
    """The reports that have a frame of an engine; Python alone gives many."""
    found = []
    for log in sorted(folder.glob("log.*")):
        reports = log.read_text(errors="replace").split("== \n")
        found += [report for report in reports if "_rust_" in report]
    return found


def place(built: Path) -> Path:
    """Puts built engines beside their Python sources, in a folder for `sys.path`."""
    site = WORK / "site"
    shutil.rmtree(site, ignore_errors=True)
    for name, folder in ENGINES.items():
        shutil.copytree(ROOT / folder / "python" / name, site / name)
        suffix = sysconfig.get_config_var("EXT_SUFFIX")
        home = site if name == "rust_cffi" else site / name
        shutil.copy(built / f"lib_{name}.so", home / f"_{name}{suffix}")
    return site


def control(watch: Watch) -> None:
    """Ends the run unless the tool sees an access that is known to be wrong."""
    with tempfile.TemporaryDirectory() as folder:
        run(watch, ["-c", CONTROL], ROOT, Path(folder))
        if not watch.complaints(Path(folder)):
            sys.exit(f"soundness.py: {watch.name} says nothing about a read outside of a block")
    print(f"{watch.name} sees a wrong access; now the tests", flush=True)


def clib(watch: Watch) -> list[str]:
    """The tests of clib, without Python."""
    command = ["test", "--package=clib", "--tests"]
    if watch.name == "valgrind":
        runner = f"CARGO_TARGET_{target().upper().replace('-', '_')}_RUNNER"
        valgrind = "valgrind --quiet --error-exitcode=9 --leak-check=no"
        failed = cargo(command, "", WORK / "clib", check=False, **{runner: valgrind})
    else:
        failed = cargo(command, "-Zsanitizer=address", WORK / "clib", check=False)
    return ["clib: its tests failed, see above"] if failed else []


def engines(watch: Watch) -> list[str]:
    """Each file of the engines' own tests, in a process of its own."""
    failures = []
    for folder in ENGINES.values():
        for file in sorted((ROOT / folder / "tests").glob("test_*.py")):
            if file.stem not in ELSEWHERE:
                failures += one(
                    watch, f"{folder}: {file.stem}", ["-m", "unittest", file.stem], file.parent
                )
    return failures


def test_ctypes(watch: Watch) -> list[str]:
    """Each file of the interpreter's own tests of ctypes, over the engine."""
    package = "ctypes.test" if importlib.util.find_spec("ctypes.test") else "test.test_ctypes"
    spec = importlib.util.find_spec(package)
    if spec is None or importlib.util.find_spec("_ctypes_test") is None:
        print("test_ctypes: not applicable (this Python comes without its tests)")
        return []
    failures = []
    for file in sorted(Path(spec.submodule_search_locations[0]).glob("test_*.py")):
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report"
            task = {
                "runner": "unittest",
                "target": f"{package}.{file.stem}",
                "engines": ["_ctypes"],
                "needs": ["_ctypes_test"],
                "report": str(report),
            }
            child = ROOT / "checker/src/conformance/child.py"
            failures += one(watch, task["target"], [str(child), json.dumps(task)], ROOT)
            ended = report.read_text().splitlines() if report.exists() else []
            if not ended or "end" not in json.loads(ended[-1]):
                failures.append(f"{task['target']}: did not come to its end")
    return failures


def one(watch: Watch, name: str, command: list[str], folder: Path) -> list[str]:
    """Run Python once; gives what there is to say about it."""
    print(f"  {name}", flush=True)
    with tempfile.TemporaryDirectory() as logs:
        ran = run(watch, command, folder, Path(logs))
        failures = [f"{name}: {report}" for report in watch.complaints(Path(logs))]
        if ran.returncode != 0:
            failures.append(f"{name}: exit code {ran.returncode}\n{ran.stderr[-4000:]}")
    return failures


def run(
    watch: Watch, command: list[str], folder: Path, logs: Path
) -> "subprocess.CompletedProcess[str]":
    """A Python that finds the watched engines, in a folder; logs go where the tool writes them."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    environment["PYTHONPATH"] = str(watch.site)
    # Blocks of Python's own allocator would hide the edges of what lies in them.
    environment["PYTHONMALLOC"] = "malloc"
    for name, text in watch.environment.items():
        environment[name] = text.format(folder=logs)
    prefix = [word.replace("{folder}", str(logs)) for word in watch.prefix]
    return subprocess.run(
        [*prefix, sys.executable, "-B", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TEST_SECONDS,
    )


def fuzz(seconds: int) -> list[str]:
    """Every fuzz target, for some seconds each."""
    if subprocess.run(["cargo", "+nightly", "fuzz", "--version"], capture_output=True).returncode:
        print("fuzz: skipped (`cargo install cargo-fuzz` provides it)")
        return []
    failures = []
    for manifest in sorted(ROOT.glob("c_ext_*/rust/fuzz/Cargo.toml")):
        for source in sorted(manifest.parent.glob("fuzz_targets/*.rs")):
            print(f"  fuzz {source.stem}", flush=True)
            command = ["cargo", "+nightly", "fuzz", "run", "--fuzz-dir", str(manifest.parent)]
            command += [source.stem, "--", f"-max_total_time={seconds}"]
            if subprocess.run(command, cwd=manifest.parent.parent).returncode:
                failures.append(f"fuzz {source.stem}: see above")
    return failures


def cargo(
    command: list[str], rustflags: str, target_dir: Path, check: bool = True, **extra: str
) -> int:
    """Cargo for this machine's target, so that build scripts go without the flags."""
    environment = {
        **os.environ,
        "PYO3_PYTHON": sys.executable,
        "PYO3_BUILD_EXTENSION_MODULE": "1",
        "CARGO_TARGET_DIR": str(target_dir),
        **extra,
    }
    if rustflags:
        # The pinned toolchain has the sanitizer; this makes it take the flag.
        environment.update(RUSTFLAGS=rustflags, RUSTC_BOOTSTRAP="1")
    whole = ["cargo", command[0], "--locked", f"--target={target()}", *command[1:]]
    ran = subprocess.run(whole, cwd=ROOT, env=environment)
    if check and ran.returncode:
        sys.exit(f"soundness.py: `{' '.join(whole)}` failed")
    return ran.returncode


def target() -> str:
    """The machine's own target triple, as rustc names it."""
    said = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    return next(line.split()[1] for line in said.splitlines() if line.startswith("host:"))


if __name__ == "__main__":
    main()
