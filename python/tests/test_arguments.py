"""Wrong calls: each is an error of Newswire, with its code, the argument's name and what was expected."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import newswire
from newswire import ArgumentError, Bus, Event, Filter, InvalidError

LONE = "a\ud800b"


class Stage:
    """What calls are made on."""

    def __init__(self, folder: Path) -> None:
        self.bus: Any = Bus(history=10)
        self.events: Any = self.bus.subscribe("a.*")
        self.listener: Any = self.bus.on("a.*", lambda event: None)
        self.emitter: Any = self.bus.emitter(session_id="s")
        self.attachment: Any = self.bus.attach(f"file:{folder / 'run.ndjson'}")


WRONG: dict[str, tuple[Callable[[Any], Any], str | None]] = {
    "Bus(5)": (lambda on: newswire.Bus(5), "name"),  # type: ignore[arg-type]
    "Bus(history='x')": (lambda on: newswire.Bus(history="x"), "history"),  # type: ignore[arg-type]
    "Bus(histroy=3)": (lambda on: newswire.Bus(histroy=3), "histroy"),  # type: ignore[call-arg]
    "Bus(history=10**30)": (lambda on: newswire.Bus(history=10**30), "history"),
    "attach(5)": (lambda on: on.bus.attach(5), "url"),
    "attach()": (lambda on: on.bus.attach(), "url"),
    "wait_for timeout": (lambda on: on.bus.wait_for("a.b", "x"), "timeout"),
    "wait_for pattern": (lambda on: on.bus.wait_for(5, 1), "pattern"),
    "request event": (lambda on: on.bus.request(5, 1), "event"),
    "request timeout": (lambda on: on.bus.request(Event("a.b"), "x"), "timeout"),
    "next": (lambda on: on.events.next(timeout="x"), "timeout"),
    "next_batch": (lambda on: on.events.next_batch("x"), "max"),
    "until_quiet": (lambda on: on.events.until_quiet("x"), "timeout"),
    "anext_batch": (lambda on: asyncio.run(on.events.anext_batch("x")), "max"),
    "resize": (lambda on: on.events.resize("x"), "buffer"),
    "resize too large": (lambda on: on.listener.resize(10**30), "buffer"),
    "unsubscribe": (lambda on: on.listener.unsubscribe("x"), "timeout"),
    "close": (lambda on: on.bus.close("x"), "timeout"),
    "aclose": (lambda on: asyncio.run(on.bus.aclose("x")), "timeout"),
    "flush": (lambda on: on.attachment.flush("x"), "timeout"),
    "publish_batch of no events": (lambda on: on.bus.publish_batch([Event("a.b"), 3]), "events[1]"),
    "publish_batch of no list": (lambda on: on.bus.publish_batch(3), "events"),
    "wants": (lambda on: on.bus.wants(5), "kind"),
    "redact": (lambda on: on.bus.redact(field=5), "field"),
    "on without such a keyword": (lambda on: on.bus.on("a.b", print, tiemout=5), "options.tiemout"),
    "subscribe without such a keyword": (lambda on: on.bus.subscribe("a.b", bufer=5), "options.bufer"),
    "Filter(5)": (lambda on: Filter(5), "filter"),  # type: ignore[arg-type]
    "Filter.matches": (lambda on: Filter("*").matches(5), "event"),  # type: ignore[arg-type]
    "Event id": (lambda on: Event("a.b", id=5), "id"),  # type: ignore[arg-type]
    "Event time": (lambda on: Event("a.b", time_ns="x"), "time_ns"),  # type: ignore[arg-type]
    "Event time too large": (lambda on: Event("a.b", time_ns=10**30), "time_ns"),
    "Event component": (lambda on: Event("a.b", component="x"), "component"),  # type: ignore[arg-type]
    "Event source": (lambda on: Event("a.b", source=("a", 5)), "source.name"),  # type: ignore[arg-type]
    "Event tags": (lambda on: Event("a.b", tags=5), "tags"),  # type: ignore[arg-type]
    "Event internal": (lambda on: Event("a.b", internal=1), "internal"),  # type: ignore[arg-type]
    "Event keyword": (lambda on: Event("a.b", sevrity="info"), "sevrity"),  # type: ignore[call-arg]
    "Event.from_json": (lambda on: Event.from_json(5), "json"),  # type: ignore[arg-type]
    "Event.field": (lambda on: Event("a.b").field(5), "name"),  # type: ignore[arg-type]
    "read_store(5)": (lambda on: newswire.read_store(5), "path"),  # type: ignore[arg-type]
    "open_recording limit": (lambda on: newswire.open_recording("x", limit="x"), "limit"),  # type: ignore[arg-type]
    "play speed": (lambda on: newswire.play(on.bus, "x", speed="x"), "speed"),  # type: ignore[arg-type]
    "payload(5)": (lambda on: newswire.payload(5), "kind"),  # type: ignore[arg-type]
    "emitter tags": (lambda on: on.bus.emitter(tags=5), "tags"),
    "emitter.tool(5)": (lambda on: on.emitter.tool(5), "function"),
    "emitter.event": (lambda on: on.emitter.event("a.b", message=5), "message"),
    "emitter.event keyword": (lambda on: on.emitter.event("a.b", mesage="x"), "mesage"),
    "emit label": (lambda on: on.emitter.emit("a.b", message=5), "message"),
    "an operation's keyword": (lambda on: on.emitter.tool_call("x", argumets=1), "argumets"),
    "an operation's name": (lambda on: on.emitter.tool_call(), "name"),
    "an outcome's keyword": (lambda on: on.emitter.tool_call("x").complete(resul=1), "resul"),
    "a view's keyword": (lambda on: newswire.UsageMeter(capacty=3), "capacty"),  # type: ignore[call-arg]
    "gaps": (lambda on: on.bus.subscribe("a.b", gaps=5), "gaps"),
}


@pytest.mark.parametrize(("call", "path"), WRONG.values(), ids=WRONG)
def test_a_wrong_argument_is_named(call: Callable[[Any], Any], path: str, tmp_path: Path) -> None:
    on = Stage(tmp_path)
    try:
        with pytest.raises(ArgumentError) as told:
            call(on)
    finally:
        on.bus.close()
    assert isinstance(told.value, TypeError)
    assert (told.value.code, told.value.path) == ("invalid", path)
    assert told.value.expected


SURROGATES: dict[str, tuple[Callable[[Any], Any], str, int]] = {
    "bus name": (lambda on: Bus(LONE), "name", 2),
    "kind": (lambda on: on.bus.publish(LONE), "kind", 2),
    "pattern": (lambda on: on.bus.subscribe(LONE), "pattern", 2),
    "filter": (lambda on: Filter("kind = " + LONE), "filter", 9),
    "option": (lambda on: on.bus.on("a.b", print, mode="keyed", key=LONE), "options.key", 2),
    "async option": (lambda on: on.bus.on("a.b", asyncio.sleep, name=LONE), "options.name", 2),
    "session id": (lambda on: on.bus.emitter(session_id=LONE).event("a.b"), "scope.session", 2),
    "scope": (lambda on: Event("a.b", scope={"session": LONE}), "scope.session", 2),
    "correlation": (lambda on: Event("a.b", correlation={"request": LONE}), "correlation.request", 2),
    "source": (lambda on: Event("a.b", source=LONE), "source", 2),
    "tag": (lambda on: Event("a.b", tags=["x", LONE]), "tags", 2),
    "message": (lambda on: Event("a.b", message="ab" + LONE), "message", 4),
    "attribute": (lambda on: Event("a.b", attrs={LONE: 1}), "attrs", 2),
    "url": (lambda on: on.bus.attach("file:" + LONE), "url", 7),
    "json": (lambda on: Event.from_json('{"' + LONE), "json", 4),
    "redaction": (lambda on: on.bus.redact(field=LONE), "field", 2),
    "text of a store's place": (lambda on: newswire.read_store("x", filter=LONE), "filter", 2),
}


@pytest.mark.parametrize(("call", "path", "column"), SURROGATES.values(), ids=SURROGATES)
def test_half_a_character_is_told_with_its_place(
    call: Callable[[Any], Any], path: str, column: int, tmp_path: Path
) -> None:
    on = Stage(tmp_path)
    try:
        with pytest.raises(InvalidError, match="surrogate") as told:
            call(on)
    finally:
        on.bus.close()
    assert (told.value.path, told.value.column) == (path, column)


def test_the_keyword_that_was_meant_is_named() -> None:
    bus: Any = Bus()
    with pytest.raises(ArgumentError, match="expected timeout"):
        bus.on("a.b", print, tiemout=5)


def test_what_user_code_raises_stays_what_it_is() -> None:
    bus = Bus()

    def confused(gap: newswire.Gap) -> None:
        raise TypeError("mine")

    events = bus.subscribe("a.*", buffer=1, gaps=confused)
    bus.publish("a.b")
    bus.publish("a.b")
    with pytest.raises(TypeError, match="mine") as told:
        events.next(timeout=1)
    assert not isinstance(told.value, newswire.NewswireError)


def test_a_function_that_nobody_would_await_is_refused() -> None:
    async def tell(gap: newswire.Gap) -> None: ...

    with pytest.raises(ArgumentError, match="await"):
        Bus().subscribe("a.b", gaps=tell)
    with pytest.raises(ArgumentError, match="await"):
        Bus().on("a.b", print, on_gap=tell)


def test_a_payload_that_changes_while_it_is_read_is_told_as_such() -> None:
    class Grows:
        def to_dict(self) -> dict[str, int]:
            outer["more"] = 1
            return {}

    outer: dict[str, Any] = {"grows": Grows(), "last": 1}
    bus = Bus()
    events = bus.subscribe("a.*")
    with pytest.raises(newswire.PayloadError, match="changed while it was read") as told:
        bus.publish("a.b", value=outer)
    assert told.value.path == "payload.value"
    events.close()
