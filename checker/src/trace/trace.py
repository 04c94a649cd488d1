"""Runs scenarios, and tells where Python and C stood at the first call of each C function.

It lies beside the scenarios while call paths are traced, with `_call_walk`, which sees the C
frames. The Python frames come from faulthandler, which needs no GIL to write them: some bridges
have released it by the time that C runs.
"""

import faulthandler
import os
import signal

import _call_walk

SIGNAL = signal.SIGRTMAX
FRAMES = os.memfd_create("python frames")

faulthandler.register(SIGNAL, file=FRAMES, all_threads=False)


def trace(bridge: object, function: object, given: dict, targets: list) -> dict:
    """Run one scenario; tell the first calls of `targets`: file, function, offset in the file."""
    _call_walk.arm(targets, SIGNAL, FRAMES)
    raised = error_of(function, bridge, given)
    if _call_walk.arm(targets, SIGNAL, FRAMES):
        # The bridge opened the library only now: its first calls have gone by unseen.
        raised = error_of(function, bridge, given)
    return {"calls": [told(*call) for call in _call_walk.calls()], "raised": raised}


def error_of(function: object, bridge: object, given: dict) -> object:
    """Call a scenario; return None, or the exception in words."""
    try:
        function(bridge, **given)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:500]
    return None


def told(function: str, frames: list, start: int, end: int) -> dict:
    """One call as plain data, its frames innermost first."""
    text = os.pread(FRAMES, end - start, start).decode("utf-8", "replace")
    python = [line.strip() for line in text.splitlines() if line.startswith("  File ")]
    return {"function": function, "frames": frames, "python": python}
