"""Subscriptions are iterated: by threads with timeouts, by tasks of any loop, without losing anything."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable

import anyio
import pytest

from newswire import Bus, ClosedError, Event, Gap, TimedOutError, WouldDeadlockError
from newswire.payloads import ToolCallStarted

from .loops import LONG, Main, on_every_loop, soon

Run = Callable[[Main], None]


def kinds(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


def test_a_loop_gets_events_in_order_until_it_is_quiet() -> None:
    bus = Bus()
    events = bus.subscribe("tool.*")
    bus.publish(ToolCallStarted("search"))
    bus.publish("step.started", name="load")
    bus.publish("tool.call.completed", name="search")
    assert kinds(list(events.until_quiet(0.01))) == ["tool.call.started", "tool.call.completed"]


def test_a_loop_over_a_closed_bus_reads_what_is_left_and_ends() -> None:
    bus = Bus()
    events = bus.subscribe("*")
    for number in range(3):
        bus.publish("a.b", number=number)
    bus.close()
    assert [event.payload["number"] for event in events] == [0, 1, 2]
    with pytest.raises(ClosedError):
        events.next()


def test_waiting_for_the_next_event_has_an_end() -> None:
    events = Bus().subscribe("*")
    with pytest.raises(TimedOutError):
        events.next(timeout=0.01)
    assert events.next_batch(timeout=0.01) == []


def test_a_waiting_thread_is_woken_by_another() -> None:
    bus = Bus()
    events = bus.subscribe("*")
    threading.Timer(0.05, bus.publish, ["a.b"]).start()
    assert events.next(timeout=LONG).kind == "a.b"


def test_batches_have_at_most_what_was_asked_for() -> None:
    bus = Bus()
    events = bus.subscribe("*")
    for _ in range(5):
        bus.publish("a.b")
    assert [len(events.next_batch(2)), len(events.next_batch(10))] == [2, 3]


def test_an_event_counts_as_handled_once_it_has_been_given() -> None:
    bus = Bus()
    events = bus.subscribe("*")
    for _ in range(3):
        bus.publish("a.b")
    next(events)
    books = events.stats()["books"]
    assert (books["matched"], books["handled"]) == (3, 1)
    assert books["queued"] + books["in_flight"] == 2


def test_a_subscription_goes_on_from_a_position() -> None:
    bus = Bus(history=100)
    events = bus.subscribe("*")
    for number in range(5):
        bus.publish("a.b", number=number)
    assert [next(events).payload["number"] for _ in range(2)] == [0, 1]
    position = events.position()
    events.close()
    again = bus.subscribe("*", start=position)
    assert [event.payload["number"] for event in again.until_quiet(0.05)] == [2, 3, 4]


@pytest.mark.parametrize("way", ["warn", "yield", "function"])
def test_what_was_missed_is_logged_given_or_handed_over(way: str, caplog: pytest.LogCaptureFixture) -> None:
    bus = Bus()
    told: list[Gap] = []
    events = bus.subscribe("*", buffer=2, gaps=told.append if way == "function" else way)  # type: ignore[arg-type]
    for _ in range(5):
        bus.publish("a.b")
    with caplog.at_level(logging.WARNING, logger="newswire"):
        got = list(events.until_quiet(0.01))
    if way == "yield":
        gap = got.pop(0)
        assert isinstance(gap, Gap)
        told.append(gap)
    assert [event.seq for event in got] == [4, 5]
    assert [(gap.first, gap.last, gap.count) for gap in told] == ([] if way == "warn" else [(1, 3, 3)])
    assert len(caplog.records) == (1 if way == "warn" else 0)


@on_every_loop
def test_async_for_gets_events_in_order(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        got: list[int | None] = []
        async with bus.subscribe("a.*") as events, anyio.create_task_group() as group:

            async def read() -> None:
                async for event in events:
                    got.append(event.seq)
                    if event.seq == 1000:
                        return

            group.start_soon(read)
            for _ in range(1000):
                bus.publish("a.b")
        assert got == list(range(1, 1001))

    run(main)


@on_every_loop
def test_async_for_ends_with_its_bus(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        events = bus.subscribe("*")
        bus.publish("a.b")
        await bus.aclose()
        assert [event.kind async for event in events] == ["a.b"]

    run(main)


@on_every_loop
def test_a_cancelled_wait_loses_no_event(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        events = bus.subscribe("*")
        got: list[int | None] = []

        async def publish() -> None:
            for _ in range(200):
                bus.publish("a.b")
                await anyio.sleep(0)

        async with anyio.create_task_group() as group:
            group.start_soon(publish)
            while len(got) < 200:
                with anyio.move_on_after(0.0005):
                    async for event in events:
                        got.append(event.seq)
        assert got == list(range(1, 201))

    run(main)


@on_every_loop
def test_a_busy_subscription_leaves_others_their_turns(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        events = bus.subscribe("*", buffer=10_000)
        for _ in range(10_000):
            bus.publish("a.b")
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                await anyio.sleep(0)
                turns += 1

        async with anyio.create_task_group() as group:
            group.start_soon(other)
            count = 0
            async for _ in events:
                count += 1
                if count == 10_000:
                    break
            group.cancel_scope.cancel()
        assert turns >= 10

    run(main)


@on_every_loop
def test_nothing_waits_on_a_loop_thread(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        events = bus.subscribe("*")
        for wait in (events.next, events.next_batch, lambda: bus.wait_for("*", 1).wait()):
            with pytest.raises(WouldDeadlockError) as caught:
                wait()
            assert caught.value.code == "would_deadlock"

    run(main)


@on_every_loop
def test_waiting_for_an_event_and_asking_are_awaited(run: Run) -> None:
    async def main() -> None:
        bus = Bus()

        @bus.on("question.asked")
        async def answer(event: Event) -> None:
            bus.publish(Event("question.answered", {"text": "42"}, correlation={"reply_to": event.id}))

        awaited = bus.wait_for("question.answered", LONG)
        answered = await soon(bus.request(Event("question.asked"), LONG))
        assert answered.payload == {"text": "42"}
        assert (await awaited).id == answered.id
        with pytest.raises(TimedOutError):
            await bus.request(Event("never.answered"), 0.01)

    run(main)


@on_every_loop
def test_several_tasks_share_what_comes_and_all_are_told_the_end(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        events = bus.subscribe("*")
        got: list[list[int]] = [[], [], []]

        async def read(mine: list[int]) -> None:
            async for event in events:
                mine.append(event.payload["number"])
                await anyio.sleep(0)

        with anyio.fail_after(LONG):
            async with anyio.create_task_group() as readers:
                for mine in got:
                    readers.start_soon(read, mine)
                for number in range(300):
                    bus.publish("a.b", number=number)
                    if number % 50 == 0:
                        await anyio.sleep(0.001)
                await bus.aclose(LONG)
        assert sorted(number for mine in got for number in mine) == list(range(300))

    run(main)


def test_waiting_for_an_event_and_asking_work_without_a_loop() -> None:
    bus = Bus()
    bus.on("question.asked", lambda asked: bus.publish(Event("a.b", correlation={"reply_to": asked.id})))
    assert bus.request(Event("question.asked"), LONG).wait().kind == "a.b"
    with pytest.raises(TimedOutError):
        bus.wait_for("never.happens", 0.01).wait()


def test_awaiting_needs_a_loop() -> None:
    async def main() -> None:
        await Bus().wait_for("*", 1)

    with pytest.raises(RuntimeError, match="asyncio or trio"):
        main().send(None)


def test_a_loop_that_is_closed_leaves_nothing_behind() -> None:
    bus = Bus()
    events = bus.subscribe("*")
    loop = asyncio.new_event_loop()
    task = loop.create_task(events.anext_batch())
    loop.run_until_complete(asyncio.sleep(0.01))
    loop.close()
    bus.publish("a.b")
    assert kinds(events.next_batch(timeout=1)) == ["a.b"]
    del task
