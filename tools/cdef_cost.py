"""Compares what `FFI().cdef()` of a long header costs in stock cffi and in rust_cffi.

cargo run -- setup && .venv/bin/python tools/cdef_cost.py

The header has 3,000 lines: structs, enumerations, typedefs, functions and constants. Both sides
take turns in this process, each with new FFI objects; the median of the CPU times counts.
"""

import statistics
import time

GROUP = """
typedef struct point_{n} {{
    int32_t x, y;
    double weight[{size}];
    struct point_{n} *next;
}} point_{n};
enum colour_{n} {{ RED_{n}, GREEN_{n} = {n}, BLUE_{n} }};
#define LIMIT_{n} {n}
typedef int (*compare_{n})(const point_{n} *left, const point_{n} *right);
int sort_{n}(point_{n} *points, size_t count, compare_{n} by);
const char *name_{n}(enum colour_{n} of, unsigned long long flags);
"""
LINES = 3000
ROUNDS = 5


def header() -> str:
    """Return LINES lines of declarations or a few more, no two alike."""
    group = GROUP.strip() + "\n"
    count = -(-LINES // group.count("\n"))
    return "".join(group.format(n=n, size=n % 7 + 1) for n in range(count))


def cost(ffi_type: type, text: str) -> float:
    """Return the CPU seconds of one cdef of the text."""
    ffi = ffi_type()
    begin = time.process_time()
    ffi.cdef(text)
    return time.process_time() - begin


def main() -> None:
    """Print both medians in milliseconds, and how many times faster ours is."""
    import cffi
    import rust_cffi

    text = header()
    stock, ours = [], []
    for _ in range(ROUNDS):
        stock.append(cost(cffi.FFI, text))
        ours.append(cost(rust_cffi.FFI, text))
    slow, fast = statistics.median(stock), statistics.median(ours)
    print(f"{text.count(chr(10))} lines: stock {slow * 1e3:.0f} ms, rust_cffi {fast * 1e3:.1f} ms")
    print(f"rust_cffi is {slow / fast:.0f} times faster")


if __name__ == "__main__":
    main()
