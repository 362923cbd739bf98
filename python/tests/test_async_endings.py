"""`async def` handlers: where they run, and how they end with what was queued, their loop and their bus."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from newswire import ArgumentError, Bus, Event

from .loops import LONG, Main, on_every_loop, soon, until

Run = Callable[[Main], None]


def books(listener: Any) -> dict[str, int]:
    return {name: count for name, count in listener.stats()["books"].items() if count and name != "matched"}


def becomes_inactive(listener: Any) -> bool:
    end = time.monotonic() + LONG
    while listener.active and time.monotonic() < end:
        time.sleep(0.01)
    return not listener.active


@on_every_loop
def test_no_call_begins_after_unsubscribing_and_running_ones_are_awaited(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        begun, hold = 0, anyio.Event()

        async def handle(_: Event) -> None:
            nonlocal begun
            begun += 1
            await hold.wait()

        listener = bus.on("a.*", handle)
        bus.publish("a.b")
        bus.publish("a.b")
        await until(lambda: begun)
        assert listener.unsubscribe() == "still_running"
        assert books(listener) == {"in_flight": 1, "discarded": 1}
        assert not listener.active
        assert await listener.aunsubscribe(0.01) == "still_running"
        hold.set()
        assert await listener.aunsubscribe(LONG) == "quiet"
        await anyio.sleep(0.01)
        assert begun == 1
        assert books(listener) == {"handled": 1, "discarded": 1}

    run(main)


@on_every_loop
def test_closing_awaits_what_was_queued(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        done = 0

        async def handle(_: Event) -> None:
            nonlocal done
            await anyio.sleep(0.001)
            done += 1

        bus.on("a.*", handle)
        for _ in range(10):
            bus.publish("a.b")
        report = await bus.aclose(LONG)
        assert (done, report["complete"]) == (10, True)

    run(main)


def test_without_a_loop_handlers_run_on_a_private_one() -> None:
    bus = Bus()
    threads: list[str] = []

    @bus.on("a.*")
    async def handle(_: Event) -> None:
        await asyncio.sleep(0)
        threads.append(threading.current_thread().name)

    bus.publish("a.b")
    assert bus.close(LONG)["complete"]
    assert threads == ["newswire-loop"]


def test_a_loop_can_be_named() -> None:
    bus = Bus()
    seen = threading.Event()

    async def handle(_: Event) -> None:
        seen.set()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        await asyncio.to_thread(lambda: bus.on("a.*", handle, loop=loop))
        bus.publish("a.b")
        await until(seen.is_set)
        await bus.aclose()

    asyncio.run(main())
    with pytest.raises(ArgumentError, match="loop"):
        bus.on("a.*", handle, loop=7)


def test_the_end_of_its_loop_closes_the_subscription_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    bus = Bus()

    async def handle(_: Event) -> None: ...

    async def main() -> None:
        listeners.append(bus.on("a.*", handle))
        await asyncio.sleep(0.01)

    listeners: list[Any] = []
    with caplog.at_level(logging.WARNING, logger="newswire"):
        asyncio.run(main())
        bus.publish("a.b")
    assert [listener.active for listener in listeners] == [False]
    assert len(caplog.records) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_loop_that_was_closed_under_it_closes_the_subscription_too(caplog: pytest.LogCaptureFixture) -> None:
    bus = Bus()

    async def handle(_: Event) -> None: ...

    loop = asyncio.new_event_loop()

    async def main() -> Any:
        listener = bus.on("a.*", handle)
        await asyncio.sleep(0.01)
        return listener

    listener = loop.run_until_complete(main())
    loop.close()
    with caplog.at_level(logging.WARNING, logger="newswire"):
        bus.publish("a.b")
        assert becomes_inactive(listener)
    assert len(caplog.records) == 1


def test_a_weak_handler_goes_with_its_object() -> None:
    class Watcher:
        async def handle(self, _: Event) -> None:
            seen.append(1)

    bus, watcher = Bus(), Watcher()
    seen: list[int] = []
    listener = bus.on("a.*", watcher.handle, weak=True)
    del watcher
    bus.publish("a.b")
    assert becomes_inactive(listener)
    assert seen == []


@on_every_loop
def test_a_close_without_time_is_complete_where_nothing_is_left(run: Run) -> None:
    async def main() -> None:
        bus = Bus()

        async def handle(_: Event) -> None: ...

        listener = bus.on("a.*", handle)
        bus.publish("a.b")
        await until(lambda: books(listener) == {"handled": 1})
        report = await soon(bus.aclose(0))
        assert (report["complete"], report["abandoned"], report["discarded"]) == (True, 0, 0)

    run(main)


def test_so_is_one_of_a_handler_on_the_private_loop() -> None:
    async def handle(_: Event) -> None: ...

    bus = Bus()
    listener = bus.on("a.*", handle)
    bus.publish("a.b")
    end = time.monotonic() + LONG
    while books(listener) != {"handled": 1} and time.monotonic() < end:
        time.sleep(0.001)
    # The core's own part is another thread's, which may have had no turn.
    bus.closing(LONG).wait()
    assert bus.close(0)["complete"]


@on_every_loop
def test_the_report_of_a_close_counts_what_was_still_running(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        begun, hold = 0, anyio.Event()

        async def handle(_: Event) -> None:
            nonlocal begun
            begun += 1
            await hold.wait()

        bus.on("a.*", handle)
        for _ in range(3):
            bus.publish("a.b")
        await until(lambda: begun)
        report = await bus.aclose(0.02)
        again = await bus.aclose(0.02)
        hold.set()
        for told in (report, again):
            assert (told["complete"], told["abandoned"], told["discarded"]) == (False, 1, 2)
        assert [stats["filter"] for stats in report["subscriptions"]] == ["a.*"]

    run(main)


@on_every_loop
def test_a_handler_may_unsubscribe_itself_and_close_its_bus(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        said: list[Any] = []

        async def handle(_: Event) -> None:
            said.append(await listener.aunsubscribe(LONG) if not said else None)

        async def closes(_: Event) -> None:
            said.append((await bus.aclose(LONG))["complete"])

        listener = bus.on("a.*", handle)
        bus.publish("a.b")
        await until(lambda: said)
        bus.on("b.*", closes)
        bus.publish("b.c")
        await until(lambda: len(said) == 2)
        assert said == ["still_running", False]

    run(main)


@on_every_loop
def test_a_close_does_not_wait_for_what_is_paused(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        seen: list[Event] = []

        async def handle(event: Event) -> None:
            seen.append(event)

        listener = bus.on("a.*", handle)
        await anyio.sleep(0.01)
        listener.pause()
        bus.publish("a.b")
        bus.publish("a.b")
        report = await soon(bus.aclose(10 * LONG))
        assert (report["complete"], report["discarded"], seen) == (True, 2, [])

    run(main)
