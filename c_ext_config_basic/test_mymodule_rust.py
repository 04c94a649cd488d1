"""Section 7.4 in Rust: `Config` over raw `pyo3::ffi`, and the same type as a `#[pyclass]`."""

import sys
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent


def check_module(config_type: type) -> None:
    """Both types say where they can be imported from."""
    assert config_type.__module__ == "rust_config"


def check_type_is_counted(config_type: type) -> None:
    """Both are heap types: an instance owns one reference to its type."""
    before = sys.getrefcount(config_type)
    configs = [config_type() for _ in range(10)]
    assert sys.getrefcount(config_type) - before == 10
    del configs
    assert sys.getrefcount(config_type) == before


def main() -> None:
    """Hold both Rust types against what a Config must do."""
    sys.path.insert(0, str(HERE.parent / "tools"))
    import demo

    demo.require("rust_config")
    import rust_config
    from config_checks import CHECKS

    demo.checked(
        "c_ext_config_basic (rust)",
        [
            partial(check, config_type)
            for config_type in (rust_config.Config, rust_config.PyClassConfig)
            for check in (*CHECKS, check_module, check_type_is_counted)
        ],
    )


if __name__ == "__main__":
    main()
