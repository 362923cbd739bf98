"""`def` handlers: what ends a program, and how they end themselves."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newswire import Bus, Event

from .loops import LONG

# Every call that publishes, and so calls inline handlers.
DOORS: dict[str, Callable[[Bus], Any]] = {
    "publish": lambda bus: bus.publish("a.b"),
    "try_publish": lambda bus: bus.try_publish("a.b"),
    "publish_batch": lambda bus: bus.publish_batch([Event("a.b")]),
    "publish_durable": lambda bus: bus.publish_durable("a.b"),
    "publish_async": lambda bus: bus.publishing("a.b"),
    "request": lambda bus: bus.request(Event("a.b"), LONG),
    "emit": lambda bus: bus.emitter().emit("a.b"),
}


def stop(_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("where", ["handler", "enricher"])
def test_what_ends_programs_leaves_the_publish_that_it_is_raised_in(door: str, where: str, tmp_path: Path) -> None:
    with Bus() as bus:
        bus.attach(f"sqlite:{tmp_path / 'events.db'}")
        if where == "handler":
            bus.on("a.b", stop, mode="inline")
        else:
            bus.enrich(stop)
        with pytest.raises(KeyboardInterrupt):
            DOORS[door](bus)
        assert bus.stats()["published"] == 1
    with Bus() as other:
        events = other.subscribe("*")
        assert other.publish("c.d").seq == 1
        assert events.next(LONG).kind == "c.d"


def test_ctrl_c_in_an_inline_handler_of_gaps_leaves_the_publish() -> None:
    with Bus() as bus:

        def publish(event: Event) -> None:
            # More than its own queue can take until it has returned.
            if event.seq == 1:
                for _ in range(3):
                    bus.publish("a.b")

        bus.on("a.b", publish, mode="inline", buffer=1, on_gap=stop)
        with pytest.raises(KeyboardInterrupt):
            bus.publish("a.b")


def test_who_unsubscribes_again_is_told_of_the_call_that_still_runs() -> None:
    with Bus() as bus:
        begun, ends = threading.Event(), threading.Event()

        def handle(_: Event) -> None:
            begun.set()
            ends.wait(LONG)

        listener = bus.on("a.b", handle)
        bus.publish("a.b")
        assert begun.wait(LONG)
        assert [listener.unsubscribe(0.01) for _ in range(2)] == ["still_running"] * 2
        ends.set()
        assert [listener.unsubscribe(LONG) for _ in range(2)] == ["quiet"] * 2


@pytest.mark.parametrize("options", [{}, {"mode": "concurrent", "concurrency": 4}], ids=str)
def test_what_a_handler_never_got_is_not_booked_as_handled(options: Any) -> None:
    for _ in range(20):
        with Bus() as bus:
            # Appending is one step, so that calls that overlap are all counted.
            calls: list[Event] = []
            listener = bus.on("a.b", calls.append, buffer=2000, **options)
            bus.publish_batch([Event("a.b")] * 1000)
            assert listener.unsubscribe(LONG) == "quiet"
            books = bus.stats()["ended"][0]["books"]
            assert (books["handled"], books["discarded"]) == (len(calls), 1000 - len(calls))


def becomes(true: Callable[[], Any]) -> bool:
    """Whether what another thread brings about comes to pass."""
    deadline = time.monotonic() + LONG
    while not true() and time.monotonic() < deadline:
        time.sleep(0.001)
    return bool(true())


class Watcher:
    def handle(self, _: Event) -> None: ...

    async def handle_async(self, _: Event) -> None: ...


@pytest.mark.parametrize("mode", ["inline", "locked"])
def test_a_weak_handler_goes_with_its_object_whoever_keeps_its_listener(mode: Any) -> None:
    with Bus() as bus:
        watcher = Watcher()
        bus.on("a.b", watcher.handle, mode=mode, weak=True)
        del watcher
        bus.publish("a.b")
        assert becomes(lambda: not bus.stats()["subscriptions"])


@pytest.mark.parametrize(
    ("method", "options"),
    [("handle", {"mode": "inline"}), ("handle", {}), ("handle", {"timeout": LONG}), ("handle_async", {})],
    ids=str,
)
def test_what_comes_when_the_object_of_a_weak_handler_is_gone_is_discarded(method: str, options: Any) -> None:
    with Bus() as bus:
        watcher = Watcher()
        listener = bus.on("a.b", getattr(watcher, method), weak=True, **options)

        def books() -> dict[str, int]:
            return {name: count for name, count in listener.stats()["books"].items() if count}

        bus.publish("a.b")
        assert becomes(lambda: books() == {"matched": 1, "handled": 1})
        # A call that is booked may still have the object in its hands.
        held = weakref.ref(watcher)
        del watcher
        assert becomes(lambda: held() is None)
        bus.publish("a.b")
        assert becomes(lambda: books() == {"matched": 2, "handled": 1, "discarded": 1})
        assert becomes(lambda: not listener.active)
        assert listener.unsubscribe(LONG) == "quiet"
