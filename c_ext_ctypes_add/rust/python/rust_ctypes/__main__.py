"""``python -m rust_ctypes``: the switch for a whole environment."""

import sys

from rust_ctypes._switch import main

if __name__ == "__main__":
    sys.exit(main("rust_ctypes", "ctypes"))
