"""`Config` written in Rust: by hand (`Config`) and through PyO3 (`PyClassConfig`)."""

from ._rust_config import Config, PyClassConfig

__all__ = ["Config", "PyClassConfig"]
