"""Measures `checker watch`: from the closing of a save to the start of its check.

python tools/save_to_start.py --checker target/release/checker --saves 1000

It copies the fixture workshop, starts one `checker watch --json` there, and saves. Every save has
a content of its own, so a save that no check starts for is lost. Half of the saves replace the file
by renaming, as many editors do. What a verdict costs is measured too, beside a bare Python. With
--rustlings, a folder that `rustlings init` has just made, the second column is that of the
`rustlings` on PATH, at its first exercise. Where there is `strace`, the programs are counted that
an edit executes: of a C extension for the checker, of the exercise for rustlings.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import pty
import resource
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIXTURE = ROOT / "checker" / "tests" / "fixtures" / "workshop"
BRIDGE = "lessons/lesson-0.1/exercise/ctypes_bridge.py"
EXTENSION = "lessons/lesson-0.1/exercise/ext/module.c"
PATIENCE = 5.0


class Watch:
    """A running `checker watch`, whose events come with the time at which they were read."""

    def __init__(
        self,
        checker: Path,
        root: Path,
        bridge: str = "ctypes",
        backend: str = "stock",
        lesson: str = "0.1",
    ) -> None:
        command = [str(checker), "watch", lesson, "--json", "--backend", backend]
        command += ["--bridge", bridge]
        self.process = subprocess.Popen(
            command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.rest = b""

    def event(self, kind: str, patience: float = PATIENCE) -> tuple[float, dict] | None:
        """The next event of this kind, or nothing when none comes in time."""
        end = time.monotonic() + patience
        while True:
            line, newline, rest = self.rest.partition(b"\n")
            if newline:
                self.rest = rest
                event = json.loads(line)
                if event["event"] == kind:
                    return time.monotonic(), event
                continue
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                return None
            piece = os.read(self.process.stdout.fileno(), 1 << 16)
            if not piece:
                raise SystemExit("checker watch has ended")
            self.rest += piece

    def cpu(self) -> float:
        return cpu_of(self.process.pid)

    def sleeps(self) -> int:
        return sleeps_of(self.process.pid)


@dataclass
class Figures:
    """What one tool needs: ms of each start, wake-ups a second, CPU seconds of a verdict."""

    starts: list[float]
    lost: str
    idle: float
    failing: float
    passing: float
    bare: float
    programs: str

    def middle(self) -> float:
        return statistics.median(self.starts)

    def tail(self) -> float:
        return sorted(self.starts)[min(len(self.starts) - 1, len(self.starts) * 95 // 100)]


def cpu_of(process: int) -> float:
    """Seconds of CPU of a process and of every child that it has waited for."""
    stat = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in stat[11:15]) / os.sysconf("SC_CLK_TCK")


def sleeps_of(process: int) -> int:
    """How often the threads of a process went to sleep by themselves."""
    lines = [
        line
        for status in Path(f"/proc/{process}/task").glob("*/status")
        for line in status.read_text().splitlines()
    ]
    return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary"))


def below(process: int) -> list[int]:
    """The processes that a process has started, and those that they have."""
    lists = Path(f"/proc/{process}/task").glob("*/children")
    found = [int(number) for children in lists for number in children.read_text().split()]
    return found + [deeper for child in found for deeper in below(child)]


def save(path: Path, text: str, rename: bool) -> float:
    """Saves as an editor does; returns the time just after the save."""
    if rename:
        beside = path.with_name(".beside")
        beside.write_text(text)
        os.replace(beside, path)
    else:
        path.write_text(text)
    return time.monotonic()


def failing(number: int) -> str:
    """A bridge whose verdict names the save."""
    return f"def add(a, b):\n    raise NotImplementedError('save {number};')\n\n\nhalf = add\n"


def measure_starts(watch: Watch, path: Path, saves: int) -> tuple[list[float], int]:
    """Milliseconds from each save to its start, and how many saves were lost."""
    took, lost = [], 0
    for number in range(saves):
        closed = save(path, failing(number), rename=number % 2 == 1)
        started = watch.event("start")
        if started is None:
            lost += 1
        else:
            took.append((started[0] - closed) * 1000)
        # Checks are cut off at every stage: just begun, in the middle, done.
        time.sleep(number % 10 / 100)
    return took, lost


def measure_burst(watch: Watch, path: Path, saves: int) -> bool:
    """Saves without waiting; whether the last result shown is that of the last save."""
    for number in range(saves):
        save(path, failing(-number - 1), rename=number % 2 == 1)
        time.sleep(number % 5 / 1000)
    last = f"save {-saves};"
    while (found := watch.event("result")) is not None:
        variant = found[1]["report"]["lessons"][0]["variants"][0]
        scenarios = variant["scenarios"]
        if not scenarios:
            print(f"note: a verdict without scenarios: {json.dumps(variant)}")
        elif scenarios[0]["raised"]["message"] == last:
            return watch.event("result", patience=1.0) is None
    return False


def measure_cost(watch: Watch, path: Path, right: str, edits: int) -> tuple[float, float, float]:
    """CPU seconds for the verdicts of edits that fail and that pass, one driver run each, and of a
    bare Python: taken in turn, so that what else the machine does disturbs all alike."""
    costs, bare = [0.0, 0.0], 0.0
    for _ in range(edits):
        for kind, text in enumerate((failing(10**6), right)):
            before = watch.cpu()
            # A verdict on the same content, of an earlier measurement too, would be remembered.
            save(path, f"{text}# {time.time()}\n", rename=False)
            watch.event("result")
            # The check has told its result, and now ends.
            time.sleep(0.05)
            costs[kind] += watch.cpu() - before
        bare += cost_of_import()
    return costs[0] / edits, costs[1] / edits, bare / edits


def executed(process: int, edit: Callable[[], object]) -> str:
    """How many programs are executed below a process during an edit, and which."""
    if shutil.which("strace") is None:
        return "not counted: there is no strace"
    with tempfile.NamedTemporaryFile("r") as record:
        # What is there already would not be followed.
        there = [f"--attach={number}" for number in [process, *below(process)]]
        command = ["strace", "-f", "-e", "trace=execve", "-o", record.name, *there]
        strace = subprocess.Popen(command, stderr=subprocess.PIPE)
        for _ in there:
            # It says that it has attached itself.
            strace.stderr.readline()
        edit()
        strace.terminate()
        strace.wait()
        lines = [line for line in record if "execve(" in line and line.endswith(" = 0\n")]
    names = [Path(line.split('"')[1]).name for line in lines]
    return f"{len(names)}: {' '.join(names)}"


def programs_of_an_extension(checker: Path, root: Path) -> str:
    """The programs executed by the verdict on an edit of a C extension."""
    path = root / EXTENSION
    watch = Watch(checker, root, bridge="ext")
    watch.event("result", patience=60)

    def edit() -> None:
        save(path, path.read_text() + f"/* {time.time()} */\n", rename=False)
        watch.event("result", patience=60)

    told = executed(watch.process.pid, edit)
    watch.process.terminate()
    watch.process.wait()
    return told


@functools.cache
def interpreter() -> str:
    """The Python that the checker uses, past whatever script starts it."""
    python = shutil.which(os.environ.get("CHECKER_PYTHON", "python3"))
    command = [python, "-c", "import sys; print(sys.executable)"]
    return subprocess.check_output(command, text=True).strip()


def cost_of(python: str | Path, program: str) -> float:
    """CPU seconds of a Python that runs this."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([python, "-I", "-c", program], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def cost_of_import(modules: str = "ctypes") -> float:
    """CPU seconds of a bare Python that imports these."""
    return cost_of(interpreter(), f"import {modules}")


class Rustlings:
    """`rustlings` on a terminal of its own, at the exercise that it watches."""

    def __init__(self, folder: Path) -> None:
        self.exercise = folder / "exercises" / "00_intro" / "intro1.rs"
        self.text = self.exercise.read_text()
        self.process, self.master = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.execvp("rustlings", ["rustlings"])
        # It greets a new folder, and waits for Enter.
        self.read(quiet=2)
        os.write(self.master, b"\n")
        self.read(quiet=5)

    def read(self, quiet: float) -> str:
        """What it writes until it has been quiet for so long."""
        pieces = []
        while select.select([self.master], [], [], quiet)[0]:
            try:
                pieces.append(os.read(self.master, 1 << 16))
            except OSError:
                # The program at the other end of the terminal has ended.
                break
        return b"".join(pieces).decode(errors="replace")

    def save(self, number: int) -> float:
        """A version whose verdict names the save."""
        wrong = f'compile_error!("save {number};");\n'
        return save(self.exercise, self.text + wrong, rename=False)

    def save_slow(self) -> float:
        """A version whose check takes two seconds."""
        pause = "std::thread::sleep(std::time::Duration::from_secs(2));"
        text = self.text.replace("fn main() {", "fn main() { " + pause)
        return save(self.exercise, text, rename=False)

    def first_byte(self, closed: float) -> float | None:
        """Milliseconds from the save to the next byte."""
        if not select.select([self.master], [], [], PATIENCE)[0]:
            return None
        return (time.monotonic() - closed) * 1000

    def end(self) -> None:
        os.write(self.master, b"q")
        self.read(quiet=1)
        os.close(self.master)
        os.waitpid(self.process, 0)
        self.exercise.write_text(self.text)


def measure_rustlings(folder: Path, saves: int) -> Figures:
    """The same of rustlings; a start is the first byte that it writes after a save."""
    rustlings = Rustlings(folder)
    took, lost = [], 0
    before = cpu_of(rustlings.process)
    for number in range(saves):
        took.append(rustlings.first_byte(rustlings.save(number)))
        rustlings.read(quiet=2)
    cost = (cpu_of(rustlings.process) - before) / saves
    bare = sum(cost_of_import() for _ in range(saves)) / saves
    for number in range(saves, 2 * saves):
        # The second save comes while the first is being checked.
        rustlings.first_byte(rustlings.save_slow())
        time.sleep(1)
        rustlings.save(number)
        lost += f"save {number};" not in rustlings.read(quiet=4)
    before = sleeps_of(rustlings.process)
    time.sleep(5)
    idle = sleeps_of(rustlings.process) - before

    def edit() -> None:
        rustlings.first_byte(rustlings.save(2 * saves))
        rustlings.read(quiet=4)

    programs = executed(rustlings.process, edit)
    rustlings.end()
    heard = [it for it in took if it is not None]
    losses = f"{lost} of {saves} saved while a check runs"
    return Figures(heard, losses, idle / 5, cost, cost, bare, programs)


def measure_checker(checker: Path, saves: int, edits: int) -> tuple[Figures, bool]:
    """Figures of a watch in a copy of the fixture workshop, and whether no save was lost."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "workshop"
        shutil.copytree(FIXTURE, root)
        path = root / BRIDGE
        right = path.read_text()
        watch = Watch(checker.resolve(), root)
        watch.event("result", patience=60)
        took, lost = measure_starts(watch, path, saves)
        newest = measure_burst(watch, path, saves)
        wrong, passed, bare = measure_cost(watch, path, right, edits)
        time.sleep(1)
        before = watch.sleeps()
        time.sleep(5)
        idle = watch.sleeps() - before
        watch.process.terminate()
        watch.process.wait()
        programs = programs_of_an_extension(checker.resolve(), root)
    ending = "the newest wins" if newest else "AN OLD ONE WINS"
    told = f"{lost} of {saves}; in a burst {ending}"
    return Figures(took, told, idle / 5, wrong, passed, bare, programs), lost == 0 and newest


def table(columns: dict[str, Figures]) -> str:
    """All figures beside each other, as Markdown."""

    def cost(seconds: float, bare: float) -> str:
        return f"{seconds * 1000:.0f} ms, {seconds / bare:.2f} times bare"

    rows = [
        ("", list(columns)),
        ("---", ["---"] * len(columns)),
        ("save to start, median", [f"{it.middle():.1f} ms" for it in columns.values()]),
        ("save to start, 95 % within", [f"{it.tail():.1f} ms" for it in columns.values()]),
        ("saves lost", [it.lost for it in columns.values()]),
        ("wake-ups a second while idle", [f"{it.idle:.1f}" for it in columns.values()]),
        ("CPU of a failing verdict", [cost(it.failing, it.bare) for it in columns.values()]),
        ("CPU of a passing verdict", [cost(it.passing, it.bare) for it in columns.values()]),
        ("programs executed after an edit", [it.programs for it in columns.values()]),
    ]
    lines = ["| " + " | ".join([name, *cells]) + " |" for name, cells in rows]
    # The bridge that passes imports both.
    both = statistics.mean(cost_of_import("ctypes, pathlib") for _ in range(20)) * 1000
    bare = f"bare: `python3 -I -c 'import ctypes'`, {columns['checker'].bare * 1000:.0f} ms"
    return "\n".join([*lines, "", f"{bare}; with `pathlib` too, {both:.0f} ms"])


def main() -> int:
    """Measures, prints a table, and fails when a save was lost or an old one won."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checker", type=Path, required=True, help="the binary to measure")
    parser.add_argument("--saves", type=int, default=1000)
    parser.add_argument("--edits", type=int, default=20, help="verdicts whose cost is measured")
    parser.add_argument("--rustlings", type=Path, help="a folder that `rustlings init` has made")
    args = parser.parse_args()
    figures, well = measure_checker(args.checker, args.saves, args.edits)
    columns = {"checker": figures}
    if args.rustlings:
        columns["rustlings"] = measure_rustlings(args.rustlings, args.edits)
    print(table(columns))
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
