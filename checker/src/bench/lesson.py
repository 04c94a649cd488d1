"""Times the same calls through several bridges, interleaved in one process.

Takes one JSON object as its argument: `variants` (a list of `{name, folder, module, replace}`),
`calls` (a list of `{function, direct, arguments}`, the arguments as literals), `rounds`. Writes one
JSON object on standard output: for each variant and call the fewest nanoseconds of thread CPU time
per call, the empty loop subtracted.
"""

import ast
import gc
import importlib
import json
import sys
import time

CALLS_PER_ROUND = 2000
UNROLLED = 10


def load(variant: dict):
    """Import a bridge in a module table of its own: eight bridges of one name live together."""
    before = dict(sys.modules)
    sys.path.insert(0, variant["folder"])
    try:
        if variant["replace"]:
            importlib.import_module(variant["replace"]).install()
        importlib.invalidate_caches()
        return importlib.import_module(variant["module"])
    finally:
        sys.path.pop(0)
        sys.modules.clear()
        sys.modules.update(before)


def callee(bridge, call: dict):
    """Find what to call: `direct` (such as `lib.add`) where there is one, else `function`."""
    if call["direct"]:
        found = bridge
        for name in call["direct"].split("."):
            found = getattr(found, name, None)
        if found is not None:
            return found
    return getattr(bridge, call["function"])


def timer(function, arguments: list):
    """Make a function that calls CALLS_PER_ROUND times and returns this thread's nanoseconds."""
    names = [f"a{index}" for index in range(len(arguments))]
    statement = f"f({', '.join(names)})" if function is not None else "pass"
    body = "\n        ".join([statement] * UNROLLED)
    source = (
        f"def run(f, {', '.join([*names, 'count', 'clock'])}):\n"
        "    start = clock()\n"
        "    for _ in range(count):\n"
        f"        {body}\n"
        "    return clock() - start\n"
    )
    scope: dict = {}
    exec(source, scope)
    run = scope["run"]
    count = CALLS_PER_ROUND // UNROLLED
    return lambda: run(function, *arguments, count, time.thread_time_ns)


def main() -> None:
    request = json.loads(sys.argv[1])
    bridges = [(variant["name"], load(variant)) for variant in request["variants"]]
    results = []
    gc.disable()
    for call in request["calls"]:
        arguments = [ast.literal_eval(text) for text in call["arguments"]]
        timers = [("", timer(None, []))]
        timers += [(name, timer(callee(b, call), arguments)) for name, b in bridges]
        fewest = {name: None for name, _ in timers}
        for _ in range(request["rounds"]):
            for name, run in timers:
                spent = run()
                if fewest[name] is None or spent < fewest[name]:
                    fewest[name] = spent
        empty = fewest.pop("")
        nanoseconds = {n: max(spent - empty, 0) / CALLS_PER_ROUND for n, spent in fewest.items()}
        results.append({"function": call["function"], "nanoseconds": nanoseconds})
    json.dump({"results": results, "python": sys.version.split()[0]}, sys.stdout)


main()
