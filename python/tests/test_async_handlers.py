"""`async def` handlers: on which loop they run, how many at a time, how they end, and what the books say."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import anyio
import pytest

from newswire import ArgumentError, Bus, Event, InvalidError, current_event

from .loops import LONG, Main, on_every_loop, soon, until

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
        hold = anyio.Event()

        async def handle(_: Event) -> None:
            nonlocal running, most, done
            running += 1
            most = max(most, running)
            await hold.wait()
            await anyio.sleep(0)
            running -= 1
            done += 1

        bus.on("a.*", handle, mode="concurrent", concurrency=3)
        for _ in range(20):
            bus.publish("a.b")
        await until(lambda: running == 3)
        hold.set()
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

        # Long enough for the quick one, whatever else the machine does.
        listener = bus.on("a.*", handle, timeout=1)
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
def test_once_is_called_for_the_first_event_only(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        seen: list[int | None] = []

        async def handle(event: Event) -> None:
            seen.append(event.seq)

        listener = bus.on("a.*", handle, once=True)
        for _ in range(3):
            bus.publish("a.b")
        await until(lambda: seen and not listener.active)
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
        got = [await soon(anext(answers)) for _ in range(3)]
        assert {event.payload["number"]: event.correlation["causation"] for event in got} == asked
        assert current_event() is None
        await bus.aclose()

    run(main)


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
    bus.close(LONG)
    assert counter.count == 3


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
    with pytest.raises(InvalidError, match=says):
        Bus().on("a.*", nothing, **options)


def test_what_is_no_handler_is_refused() -> None:
    with pytest.raises(ArgumentError, match="handler"):
        Bus().on("a.*", 7)  # type: ignore[call-overload]
    with pytest.raises(ArgumentError, match="loop"):
        Bus().on("a.*", print, loop=7)


@pytest.mark.parametrize("ends", [SystemExit, KeyboardInterrupt])
def test_what_would_end_a_program_ends_no_private_loop(
    ends: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    served = threading.Event()

    async def end(_: Event) -> None:
        raise ends

    async def serve(_: Event) -> None:
        served.set()

    with Bus() as bus:
        ending = bus.on("a.end", end)
        bus.on("a.serve", serve)
        bus.publish("a.end")
        bus.publish("a.serve")
        assert served.wait(LONG)
        assert bus.close(LONG)["complete"]
        assert books(ending) == {"failed": 1}
    assert "handler test_what_would_end" in caplog.text


@on_every_loop
def test_a_handler_that_ignores_its_cancellation_has_timed_out_all_the_same(run: Run) -> None:
    async def main() -> None:
        bus = Bus()

        async def stubborn(_: Event) -> None:
            with suppress(anyio.get_cancelled_exc_class()):
                await anyio.sleep(5)

        listener = bus.on("a.b", stubborn, timeout=0.01)
        bus.publish("a.b")
        await until(lambda: books(listener).get("timed_out"))
        await bus.aclose()

    run(main)
