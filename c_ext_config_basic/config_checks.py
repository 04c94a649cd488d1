"""What every `Config` must do, whoever wrote it in whatever language.

Each check takes the class. `test_mymodule.py` runs them over the two C types, and
`test_mymodule_rust.py` over the two Rust types.
"""

import gc
import sys
import weakref
from types import BuiltinFunctionType, MethodDescriptorType
from typing import Any, Callable

INT_MIN, INT_MAX = -(2**31), 2**31 - 1


class Url(str):
    """A string that can refer to other objects, and so be part of a reference cycle."""


def check_article(config_type: Any) -> None:
    """What the article shows."""
    config = config_type(timeout=30, url="http://server.com", ssl=True)
    assert config.timeout == 30
    config.timeout = 60
    assert config.timeout == 60
    assert config.server_url == "http://server.com"
    assert config.enable_ssl is True
    assert config.process() == 120
    assert isinstance(config, config_type)


def check_defaults(config_type: Any) -> None:
    """Everything may be left out; positions are the order of the keywords."""
    config = config_type()
    assert _state(config) == (0, "", False)
    assert _state(config_type(7, "u", True)) == (7, "u", True)
    assert _raises(lambda: config_type(1, "u", True, 4)) is TypeError
    assert _raises(lambda: config_type(nope=1)) is TypeError
    assert _raises(lambda: config_type(7, timeout=7)) is TypeError


def check_ranges(config_type: Any) -> None:
    """A timeout fits a C int or is refused; its double never overflows."""
    config = config_type()
    for edge in (INT_MIN, INT_MAX):
        config.timeout = edge
        assert config.timeout == edge
        assert config.process() == 2 * edge
    for outside in (INT_MIN - 1, INT_MAX + 1, 2**32 + 5, 2**70, -(2**70)):
        _refused(config_type, "timeout", outside, OverflowError)


def check_types(config_type: Any) -> None:
    """A value of another type is refused, in the constructor and in the attribute."""
    for value in (3.0, "3", None, b"3"):
        _refused(config_type, "timeout", value, TypeError)
    for value in (b"u", 3, None):
        _refused(config_type, "server_url", value, TypeError)
    for value in (1, 0, "yes", None):
        _refused(config_type, "enable_ssl", value, TypeError)


def check_deletion(config_type: Any) -> None:
    """An attribute cannot be deleted; trying it is an error and no crash."""
    config = config_type(30, "u", True)
    for name in ("timeout", "server_url", "enable_ssl"):
        assert _raises(lambda name=name: delattr(config, name)) is AttributeError
    assert _state(config) == (30, "u", True)


def check_callables(config_type: Any) -> None:
    """The method is a descriptor of the type; taking it from an instance binds it."""
    config = config_type(timeout=4)
    assert type(config_type.process) is MethodDescriptorType
    assert type(config.process) is BuiltinFunctionType
    assert config.process.__self__ is config
    assert config_type.process(config) == 8
    assert _raises(lambda: config_type.process(object())) is TypeError
    assert _raises(lambda: config.process(1)) is TypeError


def check_references(config_type: Any) -> None:
    """An instance owns its URL once, and its type if that is a heap type; nothing leaks."""
    url = Url("http://server.com")
    before = sys.getrefcount(url), sys.getrefcount(config_type)
    for _ in range(100):
        config = config_type(url=url)
        config.server_url = url
        assert config.server_url is url
        assert _raises(lambda: config_type(url=url, ssl=1)) is TypeError
        assert _raises(lambda config=config: delattr(config, "server_url")) is AttributeError
    del config
    gc.collect()
    assert (sys.getrefcount(url), sys.getrefcount(config_type)) == before


def check_memory(config_type: Any) -> None:
    """The memory of an instance is given back, and so is what a refused one had taken."""
    before = sys.getallocatedblocks()
    for _ in range(2000):
        config_type(30, Url("http://server.com"), True)
        assert _raises(lambda: config_type(30, Url("http://server.com"), 1)) is TypeError
    gc.collect()
    grown = sys.getallocatedblocks() - before
    assert grown < 500, f"{grown} blocks of memory are left from 4000 objects"


def check_collection(config_type: Any) -> None:
    """The collector finds a cycle that goes through the URL."""
    alive = []
    for _ in range(100):
        url = Url("http://server.com")
        url.owner = config_type(url=url)
        assert gc.is_tracked(url.owner)
        alive.append(weakref.ref(url))
    del url
    gc.collect()
    assert [reference for reference in alive if reference() is not None] == []


CHECKS = (
    check_article,
    check_defaults,
    check_ranges,
    check_types,
    check_deletion,
    check_callables,
    check_references,
    check_memory,
    check_collection,
)


def _state(config: Any) -> tuple[int, str, bool]:
    return config.timeout, config.server_url, config.enable_ssl


def _raises(action: Callable[[], Any]) -> "type | None":
    try:
        action()
    except Exception as error:
        return type(error)
    return None


def _refused(config_type: Any, name: str, value: Any, error: type) -> None:
    keyword = {"timeout": "timeout", "server_url": "url", "enable_ssl": "ssl"}[name]
    assert _raises(lambda: config_type(**{keyword: value})) is error, (keyword, value)
    config = config_type(30, "u", True)
    assert _raises(lambda: setattr(config, name, value)) is error, (name, value)
    assert _state(config) == (30, "u", True), (name, value)
