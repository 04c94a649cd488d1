//! Load, describe and call plain C libraries; no Python in it.
