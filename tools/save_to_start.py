"""Measures `checker watch`: from the closing of a save to the start of its check.

python tools/save_to_start.py --checker target/release/checker --saves 1000

It copies the fixture workshop, starts one `checker watch --json` there, and saves. Every save has
a content of its own, so a save that no check starts for is lost. Half of the saves replace the file
by renaming, as many editors do. What a verdict costs is measured too, beside a bare Python. With
--rustlings it saves an exercise of a folder that `rustlings init` has made, and waits for the first
byte that rustlings writes.
"""

from __future__ import annotations

import argparse
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
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIXTURE = ROOT / "checker" / "tests" / "fixtures" / "workshop"
BRIDGE = "lessons/lesson-0.1/exercise/ctypes_bridge.py"
VARIANT = ["--backend", "stock", "--bridge", "ctypes"]
PATIENCE = 5.0


class Watch:
    """A running `checker watch`, whose events come with the time at which they were read."""

    def __init__(self, checker: Path, root: Path) -> None:
        command = [str(checker), "watch", "0.1", "--json", *VARIANT]
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
        """Seconds of CPU of the watch and of every check that has ended."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(field) for field in stat[11:15]) / os.sysconf("SC_CLK_TCK")

    def sleeps(self) -> int:
        """How often its threads went to sleep by themselves."""
        lines = [
            line
            for status in Path(f"/proc/{self.process.pid}/task").glob("*/status")
            for line in status.read_text().splitlines()
        ]
        return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary"))


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


def measure_cost(watch: Watch, path: Path, right: str, edits: int) -> tuple[float, float]:
    """CPU seconds for the verdict of an edit: one that fails (one run), one that passes (two)."""
    costs = []
    for text in (failing(10**6) + "# {}\n", right + "# {}\n"):
        before = watch.cpu()
        for number in range(edits):
            save(path, text.format(number), rename=False)
            watch.event("result")
        time.sleep(0.2)
        costs.append((watch.cpu() - before) / edits)
    return costs[0], costs[1]


def cost_of_import(edits: int) -> float:
    """CPU seconds of a bare Python that imports ctypes."""
    python = shutil.which(os.environ.get("CHECKER_PYTHON", "python3"))
    real = subprocess.check_output([python, "-c", "import sys; print(sys.executable)"], text=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(edits):
        subprocess.run([real.strip(), "-I", "-c", "import ctypes"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) / edits


def measure_rustlings(folder: Path, saves: int) -> list[float]:
    """Milliseconds from a save of the current exercise to the first byte that rustlings writes."""
    process, master = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execvp("rustlings", ["rustlings"])
    drain(master, 10)
    exercise = next((folder / "exercises").glob("00_intro/intro1.rs"))
    text = exercise.read_text()
    took = []
    for number in range(saves):
        closed = save(exercise, f"{text}// {number}\n", rename=False)
        if select.select([master], [], [], PATIENCE)[0]:
            took.append((time.monotonic() - closed) * 1000)
        drain(master, 2)
    os.write(master, b"q")
    os.waitpid(process, 0)
    exercise.write_text(text)
    return took


def drain(master: int, quiet: float) -> None:
    """Reads until nothing was written for a while."""
    while select.select([master], [], [], quiet)[0]:
        os.read(master, 1 << 16)


def told(name: str, took: list[float]) -> str:
    """Median and 95th percentile in one line."""
    took = sorted(took)
    tail = took[min(len(took) - 1, len(took) * 95 // 100)]
    middle = statistics.median(took)
    return f"{name}: median {middle:.1f} ms, 95 % within {tail:.1f} ms, {len(took)} saves"


def main() -> int:
    """Measures, prints, and fails when a save was lost or an old one won."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checker", type=Path, required=True, help="the binary to measure")
    parser.add_argument("--saves", type=int, default=1000)
    parser.add_argument("--edits", type=int, default=20, help="verdicts whose cost is measured")
    parser.add_argument("--rustlings", type=Path, help="a folder that `rustlings init` has made")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "workshop"
        shutil.copytree(FIXTURE, root)
        path = root / BRIDGE
        right = path.read_text()
        watch = Watch(args.checker.resolve(), root)
        watch.event("result", patience=60)
        took, lost = measure_starts(watch, path, args.saves)
        newest = measure_burst(watch, path, args.saves)
        wrong, passed = measure_cost(watch, path, right, args.edits)
        bare = cost_of_import(args.edits)
        time.sleep(1)
        before = watch.sleeps()
        time.sleep(5)
        idle = watch.sleeps() - before
        watch.process.terminate()
        watch.process.wait()
    print(told("checker, save to start", took))
    print(f"lost: {lost} of {args.saves}; newest of a burst of {args.saves} wins: {newest}")
    print(f"idle: {idle} wake-ups in 5 s")
    for name, cost, runs in (("failing", wrong, 1), ("passing", passed, 2)):
        times = cost / runs / bare
        print(
            f"CPU of a {name} verdict: {cost * 1000:.0f} ms, {runs} runs, {times:.2f} x bare each"
        )
    print(f"bare `python3 -I -c 'import ctypes'`: {bare * 1000:.0f} ms")
    if args.rustlings:
        print(told("rustlings, save to first output", measure_rustlings(args.rustlings, 20)))
    return 0 if lost == 0 and newest else 1


if __name__ == "__main__":
    sys.exit(main())
