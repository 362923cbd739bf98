"""Options of `on` and `subscribe`: what is wrong is told where it is given, for both sorts of handlers alike."""

from __future__ import annotations

import inspect
from typing import Any
from unittest.mock import AsyncMock, MagicMock, Mock

import pytest

from newswire import ArgumentError, Bus, Event, InvalidError, _native
from newswire._options import HANDLER, QUEUE


def called(event: Event) -> None: ...


async def awaited(event: Event) -> None: ...


NEITHER: dict[str, list[Any]] = {
    "mode": [5, None],
    "when_full": [0, None],
    "name": [7, None],
    "key": [b"session"],
    "buffer": ["x", 1.5, None, 10**30],
    "buffer_bytes": ["x", None],
    "priority": ["high", 2**31],
    "concurrency": ["x", 1.5],
    "set_aside_after": ["x", 1.5],
    "max_wait": ["x", None],
    "coalesce": ["x"],
    "timeout": ["x", []],
    "once": [1, "yes", None],
    "weak": [1, None],
    "internal": ["x"],
    "on_gap": [5, "warn"],
}


@pytest.mark.parametrize("handler", [called, awaited])
@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in NEITHER.items() for value in values])
def test_an_option_of_a_wrong_type_is_named(handler: Any, name: str, value: Any) -> None:
    with Bus() as bus, pytest.raises(ArgumentError) as told:
        bus.on("a.b", handler, **{name: value})
    assert told.value.path == f"options.{name}"
    assert told.value.expected


@pytest.mark.parametrize(("name", "value"), [("buffer", "x"), ("name", 3), ("internal", 1), ("max_wait", None)])
def test_so_is_one_of_a_subscription(name: str, value: Any) -> None:
    with Bus() as bus, pytest.raises(ArgumentError) as told:
        bus.subscribe("a.b", **{name: value})
    assert told.value.path == f"options.{name}"


@pytest.mark.parametrize("handler", [called, awaited])
@pytest.mark.parametrize(("name", "value"), [("timeout", -1), ("timeout", float("nan")), ("set_aside_after", 0)])
def test_what_no_handler_can_keep_is_refused(handler: Any, name: str, value: Any) -> None:
    with Bus() as bus, pytest.raises(InvalidError) as told:
        bus.on("a.b", handler, **{name: value})
    assert told.value.path == f"options.{name}"


def test_whatever_is_a_number_is_one() -> None:
    class Four:
        def __index__(self) -> int:
            return 4

    with Bus() as bus:
        four: Any = Four()
        assert bus.on("a.b", called, buffer=four, timeout=4, max_wait=0).active
        assert bus.on("a.b", awaited, buffer=four, timeout=4).active


@pytest.mark.parametrize("mock", [Mock, MagicMock])
def test_a_mock_is_a_handler(mock: Any) -> None:
    handler = mock()
    with Bus() as bus:
        bus.on("a.b", handler, mode="inline")
        bus.publish("a.b")
    handler.assert_called_once()


def test_an_asynchronous_mock_is_an_asynchronous_handler() -> None:
    handler = AsyncMock()
    with Bus() as bus:
        bus.on("a.b", handler)
        bus.publish("a.b")
    handler.assert_awaited_once()


SHOWN: Any = [(Bus.on, HANDLER, _native.Bus.on), (Bus.subscribe, QUEUE, _native.Bus.pull)]


@pytest.mark.parametrize(("method", "options", "native"), SHOWN, ids=["on", "subscribe"])
def test_whoever_asks_is_shown_every_option_and_what_holds_without_it(method: Any, options: Any, native: Any) -> None:
    shown = {name: one.default for name, one in inspect.signature(method).parameters.items() if one.kind == 3}
    assert shown.keys() - {"loop", "gaps"} == options.keys()
    for name, one in inspect.signature(native).parameters.items():
        # A constant of the native module is none that it tells.
        if name in options and one.default is not ...:
            assert (name, shown[name]) == (name, one.default)
    assert shown["buffer_bytes"] == 16 << 20


def test_what_is_shown_is_what_can_be_called() -> None:
    with Bus() as bus:
        assert "handler" in inspect.signature(bus.on).parameters
        given = {name: one.default for name, one in inspect.signature(bus.on).parameters.items() if one.kind == 3}
        assert bus.on("a.b", called, **given).stats()["name"] == bus.on("a.b", called).stats()["name"]
