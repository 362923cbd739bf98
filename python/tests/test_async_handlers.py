"""`async def` handlers: on which loop they run, how many at a time, how they end, and what the books say."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import pytest

from newswire import ArgumentError, Bus, Event, current_event

from .loops import Main, on_every_loop, until, within

Run = Callable[[Main], None]


def books(listener: Any) -> dict[str, int]:
    return {name: count for name, count in listener.stats()["books"].items() if count and name != "matched"}


@on_every_loop
def test_a_handler_runs_on_the_loop_that_was_running_when_it_subscribed(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        here = threading.current_thread()
        seen: list[tuple[str, bool]] = []

        @bus.on("a.*")
        async def handle(event: Event) -> None:
            await anyio.sleep(0)
            seen.append((event.kind, threading.current_thread() is here))

        thread = threading.Thread(target=bus.publish, args=["a.b"])
        thread.start()
        await until(lambda: seen)
        assert seen == [("a.b", True)]
        await bus.aclose()

    run(main)


@on_every_loop
def test_locked_handlers_are_called_one_at_a_time_and_in_order(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        running, most, seen = 0, 0, []

        async def handle(event: Event) -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await anyio.sleep(0)
            seen.append(event.seq)
            running -= 1

        listener = bus.on("a.*", handle)
        for _ in range(50):
            bus.publish("a.b")
        await until(lambda: len(seen) == 50)
        assert (seen, most) == (list(range(1, 51)), 1)
        await until(lambda: books(listener) == {"handled": 50})
        await bus.aclose()

    run(main)


@on_every_loop
def test_concurrent_handlers_are_called_so_many_at_a_time(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        running, most, done = 0, 0, 0

        async def handle(_: Event) -> None:
            nonlocal running, most, done
            running += 1
            most = max(most, running)
            await anyio.sleep(0.002)
            running -= 1
            done += 1

        bus.on("a.*", handle, mode="concurrent", concurrency=3)
        for _ in range(20):
            bus.publish("a.b")
        await until(lambda: done == 20)
        assert most == 3
        await bus.aclose()

    run(main)


@on_every_loop
def test_keyed_handlers_keep_the_order_of_each_key_and_pass_a_busy_one(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        hold = anyio.Event()
        seen: list[str] = []

        async def handle(event: Event) -> None:
            session = event.scope["session"]
            if session == "slow":
                await hold.wait()
            seen.append(f"{session} {event.payload['number']}")

        bus.on("a.*", handle, mode="keyed", key="session")
        for number in range(3):
            for session in ("slow", "quick"):
                bus.emitter(session_id=session).emit("a.b", number=number)
        await until(lambda: len(seen) == 3)
        hold.set()
        await until(lambda: len(seen) == 6)
        assert seen == [f"{session} {number}" for session in ("quick", "slow") for number in range(3)]
        await bus.aclose()

    run(main)


@on_every_loop
def test_a_call_past_its_timeout_is_cancelled_and_awaited(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        seen: list[str] = []

        async def handle(event: Event) -> None:
            try:
                await anyio.sleep(0 if event.kind == "a.quick" else 60)
            finally:
                seen.append(event.kind)

        listener = bus.on("a.*", handle, timeout=0.02)
        bus.publish("a.slow")
        bus.publish("a.quick")
        await until(lambda: books(listener) == {"timed_out": 1, "handled": 1})
        assert seen == ["a.slow", "a.quick"]
        await bus.aclose()

    run(main)


@on_every_loop
def test_an_exception_is_logged_counted_and_harms_nobody(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        bus = Bus()

        async def handle(event: Event) -> None:
            if event.kind == "a.bad":
                raise ValueError("no such thing")

        listener = bus.on("a.*", handle)
        bus.publish("a.bad")
        bus.publish("a.good")
        await until(lambda: books(listener) == {"failed": 1, "handled": 1})
        await bus.aclose()

    with caplog.at_level(logging.ERROR, logger="newswire"):
        run(main)
    (record,) = caplog.records
    assert "a.bad" in record.getMessage()
    assert record.exc_info is not None and record.exc_info[0] is ValueError


def test_a_handler_that_awaits_what_was_cancelled_fails_and_goes_on() -> None:
    async def main() -> None:
        bus = Bus()
        seen: list[str] = []

        async def handle(event: Event) -> None:
            if event.kind == "a.bad":
                cancelled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                cancelled.cancel()
                await cancelled
            seen.append(event.kind)

        listener = bus.on("a.*", handle)
        bus.publish("a.bad")
        bus.publish("a.good")
        await until(lambda: books(listener) == {"failed": 1, "handled": 1})
        await bus.aclose()

    asyncio.run(main())


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
        assert not listener.active
        assert await listener.aunsubscribe(0.01) == "still_running"
        hold.set()
        assert await listener.aunsubscribe(5) == "quiet"
        await anyio.sleep(0.01)
        assert begun == 1
        assert books(listener) == {"handled": 1, "discarded": 1}

    run(main)


@on_every_loop
def test_once_is_called_for_the_first_event_only(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        seen: list[int | None] = []

        async def handle(event: Event) -> None:
            seen.append(event.seq)

        listener = bus.on("a.*", handle, once=True)
        for _ in range(3):
            bus.publish("a.b")
        await until(lambda: not listener.active)
        assert seen == [1]

    run(main)


@on_every_loop
def test_what_a_handler_publishes_names_its_event_as_the_cause(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        answers = bus.subscribe("answer.given")

        async def handle(event: Event) -> None:
            await anyio.sleep(0.001 * (3 - event.payload["number"]))
            handled = current_event()
            assert handled is not None and handled.id == event.id
            bus.publish("answer.given", number=event.payload["number"])

        bus.on("question.asked", handle, mode="concurrent", concurrency=3)
        asked = {}
        for number in range(3):
            question = Event("question.asked", {"number": number})
            bus.publish(question)
            asked[number] = question.id
        got = [await within(5, anext(answers)) for _ in range(3)]
        assert {event.payload["number"]: event.correlation["causation"] for event in got} == asked
        assert current_event() is None
        await bus.aclose()

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
        report = await bus.aclose()
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
    assert bus.close(5)["complete"]
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
        for _ in range(500):
            if not listener.active:
                break
            threading.Event().wait(0.01)
    assert not listener.active
    assert len(caplog.records) == 1


def test_a_handler_may_be_a_method_a_partial_or_an_object() -> None:
    class Counter:
        count = 0

        async def handle(self, _: Event) -> None:
            self.count += 1

        async def __call__(self, event: Event) -> None:
            await self.handle(event)

    async def plus(counter: Counter, event: Event) -> None:
        await counter.handle(event)

    bus, counter = Bus(), Counter()
    for handler in (counter.handle, counter, partial(plus, counter)):
        bus.on("a.*", handler)
    bus.publish("a.b")
    bus.close(5)
    assert counter.count == 3


def test_a_weak_handler_goes_with_its_object() -> None:
    class Watcher:
        async def handle(self, _: Event) -> None:
            seen.append(1)

    bus, watcher = Bus(), Watcher()
    seen: list[int] = []
    listener = bus.on("a.*", watcher.handle, weak=True)
    del watcher
    bus.publish("a.b")
    for _ in range(500):
        if not listener.active:
            break
        threading.Event().wait(0.01)
    assert (seen, listener.active) == ([], False)


async def nothing(_: Event) -> None: ...


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"mode": "inline"}, "inline"),
        ({"mode": "quick"}, "quick"),
        ({"mode": "keyed"}, "key"),
        ({"key": "session"}, "key"),
        ({"mode": "concurrent"}, "concurrency"),
        ({"mode": "concurrent", "concurrency": 0}, "concurrency"),
        ({"weak": True}, "weak"),
    ],
    ids=str,
)
def test_options_that_can_not_be_are_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ArgumentError, match=says):
        Bus().on("a.*", nothing, **options)


def test_what_is_no_handler_is_refused() -> None:
    with pytest.raises(ArgumentError, match="handler"):
        Bus().on("a.*", 7)  # type: ignore[call-overload]
    with pytest.raises(ArgumentError, match="loop"):
        Bus().on("a.*", print, loop=7)


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
        hold.set()
        assert (report["complete"], report["abandoned"], report["discarded"]) == (False, 1, 2)
        assert [stats["filter"] for stats in report["subscriptions"]] == ["a.*"]

    run(main)


@on_every_loop
def test_a_handler_may_unsubscribe_itself_and_close_its_bus(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        said: list[Any] = []

        async def handle(_: Event) -> None:
            said.append(await listener.aunsubscribe(5) if not said else None)

        async def closes(_: Event) -> None:
            said.append((await bus.aclose(5))["complete"])

        listener = bus.on("a.*", handle)
        bus.publish("a.b")
        await until(lambda: said)
        bus.on("b.*", closes)
        bus.publish("b.c")
        await until(lambda: len(said) == 2)
        assert said == ["still_running", False]

    run(main)
