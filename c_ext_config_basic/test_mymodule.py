"""Section 7.4: `Config` by hand, as a heap type and as a static type."""

import importlib
import sys
from functools import partial
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent


def import_again(module: ModuleType) -> ModuleType:
    """Import `module` anew, as an interpreter does that has not seen it yet."""
    del sys.modules[module.__name__]
    again = importlib.import_module(module.__name__)
    sys.modules[module.__name__] = module
    return again


def check_forms(heap: ModuleType, static: ModuleType) -> None:
    """Two-phase initialisation makes a type per module; a static type is one for all."""
    assert import_again(heap).Config is not heap.Config
    assert import_again(static).Config is static.Config


def check_heap_type(heap: ModuleType, static: ModuleType) -> None:
    """A heap type can be changed and is counted; a static type is neither."""
    heap.Config.note = "changed"
    del heap.Config.note
    try:
        static.Config.note = "changed"
    except TypeError:
        pass
    else:
        raise AssertionError("a static type was changed")
    assert _references_to_type(heap.Config) == 1
    assert _references_to_type(static.Config) == 0


def _references_to_type(config_type: type) -> int:
    """How many references to its type one instance holds."""
    before = sys.getrefcount(config_type)
    config = config_type()
    held = sys.getrefcount(config_type) - before
    del config
    return held


def main() -> None:
    """Build both modules if they have to be, and hold them against what a Config must do."""
    sys.path.insert(0, str(HERE.parent / "tools"))
    import demo

    for name in ("mymodule", "mymodule_static"):
        sources = [HERE / f"{name}.c", HERE / "config.c", HERE / "config.h"]
        demo.extension(HERE, name, sources)
    import mymodule
    import mymodule_static
    from config_checks import CHECKS

    types = (mymodule.Config, mymodule_static.Config)
    demo.checked(
        "c_ext_config_basic",
        [
            *(partial(check, config_type) for config_type in types for check in CHECKS),
            partial(check_forms, mymodule, mymodule_static),
            partial(check_heap_type, mymodule, mymodule_static),
        ],
    )


if __name__ == "__main__":
    main()
