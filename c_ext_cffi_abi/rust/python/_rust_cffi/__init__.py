"""In a wheel: maturin puts an extension module into a package, so this one becomes it."""

import sys

from _rust_cffi import _rust_cffi

sys.modules[__name__] = _rust_cffi
