"""What goes wrong in and around `async def` handlers is told, counted, and harms nobody."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
import warnings
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from newswire import Bus, Event, Gap

from .loops import LONG, Main, on_every_loop, soon, until

Run = Callable[[Main], None]


def books(listener: Any) -> dict[str, int]:
    return {name: count for name, count in listener.stats()["books"].items() if count and name != "matched"}


@pytest.mark.parametrize(
    "options",
    [{}, {"mode": "concurrent", "concurrency": 2}, {"mode": "keyed", "key": "session"}, {"timeout": 60}],
    ids=str,
)
@pytest.mark.parametrize("awaits", [True, False], ids=["awaits then", "returns then"])
def test_a_handler_that_cancels_its_own_task_ends_its_call_only(options: dict[str, Any], awaits: bool) -> None:
    async def main() -> None:
        bus = Bus()

        async def handle(event: Event) -> None:
            if event.kind == "a.bad":
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
                if awaits:
                    await asyncio.sleep(0)

        listener = bus.on("a.*", handle, **options)
        for kind in ("a.bad", "a.good", "a.bad", "a.good"):
            bus.publish(kind)
        ends = {"failed": 2, "handled": 2} if awaits else {"handled": 4}
        await until(lambda: books(listener) == ends)
        assert listener.active
        assert (await soon(bus.aclose(LONG)))["complete"]

    asyncio.run(main())


@pytest.mark.parametrize("options", [{}, {"mode": "concurrent", "concurrency": 2}], ids=str)
def test_a_program_ends_while_a_handler_that_cancelled_its_own_task_awaits(options: dict[str, Any]) -> None:
    begun = False

    async def main() -> None:
        async def handle(_: Event) -> None:
            nonlocal begun
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            try:
                await asyncio.sleep(10 * LONG)
            except asyncio.CancelledError:
                begun = True
                await asyncio.sleep(10 * LONG)

        bus = Bus()
        bus.on("a.*", handle, **options)
        bus.publish("a.b")
        await until(lambda: begun)

    began = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - began < LONG


@on_every_loop
def test_an_exception_after_the_deadline_is_logged_and_the_call_has_timed_out(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        bus = Bus()

        async def handle(_: Event) -> None:
            try:
                await anyio.sleep(60)
            except anyio.get_cancelled_exc_class():
                raise ValueError("too late") from None

        async def blocks(_: Event) -> None:
            time.sleep(0.03)  # noqa: ASYNC251  # so that the loop can't tell it in time
            raise ValueError("too late as well")

        listeners = [bus.on("a.b", handler, timeout=0.01) for handler in (handle, blocks)]
        bus.publish("a.b")
        await until(lambda: [books(listener) for listener in listeners] == [{"timed_out": 1}] * 2)
        await bus.aclose()

    with caplog.at_level(logging.ERROR, logger="newswire"):
        run(main)
    assert sorted(str(record.exc_info[1]) for record in caplog.records if record.exc_info) == [
        "too late",
        "too late as well",
    ]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_loop_that_closed_before_the_handler_ever_ran_keeps_no_close_waiting() -> None:
    async def handle(_: Event) -> None: ...

    bus = Bus()
    loop = asyncio.new_event_loop()
    listener = bus.on("a.*", handle, loop=loop)
    loop.close()
    bus.publish("a.b")
    began = time.monotonic()
    report = bus.close(10 * LONG)
    assert time.monotonic() - began < LONG
    assert report["complete"]
    assert books(listener) == {"discarded": 1}
    assert not listener.active


@on_every_loop
def test_what_was_taken_already_waits_as_well_while_a_handler_is_paused(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        seen: list[int] = []

        async def handle(event: Event) -> None:
            seen.append(event.payload["number"])
            if len(seen) == 1:
                listener.pause()

        listener = bus.on("a.*", handle)
        for number in range(3):
            bus.publish("a.b", number=number)
        await until(lambda: seen)
        await anyio.sleep(0.02)
        assert seen == [0]
        listener.resume()
        await until(lambda: seen == [0, 1, 2])
        assert (await soon(bus.aclose(LONG)))["complete"]

    run(main)


@on_every_loop
def test_a_handler_is_set_aside_within_a_burst_and_goes_on_when_resumed(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        seen: list[Any] = []

        async def handle(event: Event) -> None:
            seen.append(event.payload["number"])
            if len(seen) <= 2:
                raise ValueError("no")

        listener = bus.on("a.*", handle, set_aside_after=2)
        for number in range(4):
            bus.publish("a.b", number=number)
        await until(lambda: listener.stats()["set_aside"])
        await anyio.sleep(0.02)
        stats = listener.stats()
        assert (seen, stats["paused"], stats["last_failure"]) == ([0, 1], True, "ValueError: no")
        listener.resume()
        await until(lambda: books(listener) == {"failed": 2, "handled": 2})
        await bus.aclose()

    run(main)


@on_every_loop
def test_word_of_a_gap_may_be_awaited(run: Run) -> None:
    async def main() -> None:
        bus = Bus()
        told: list[int] = []

        async def handle(_: Event) -> None: ...

        async def tell(gap: Gap) -> None:
            await anyio.sleep(0)
            told.append(gap.count)

        listener = bus.on("a.*", handle, buffer=1, on_gap=tell)
        for _ in range(3):
            bus.publish("a.b")
        await until(lambda: told)
        assert told == [2]
        await until(lambda: books(listener) == {"dropped": 2, "handled": 1})
        await bus.aclose()

    run(main)


@pytest.mark.parametrize("mode", ["inline", "locked"])
def test_a_handler_that_returns_a_coroutine_has_failed(mode: Any, caplog: pytest.LogCaptureFixture) -> None:
    async def handle(_: Event) -> None: ...

    bus = Bus()
    with warnings.catch_warnings(), caplog.at_level(logging.ERROR, logger="newswire"):
        warnings.simplefilter("error", RuntimeWarning)
        listener = bus.on("a.*", lambda event: handle(event), mode=mode)
        bus.publish("a.b")
        bus.close()
        gc.collect()
    assert books(listener) == {"failed": 1}
    assert "expected an async def function" in listener.stats()["last_failure"]
    assert "coroutine" in caplog.text


def test_a_handler_may_return_a_task_which_runs_by_itself() -> None:
    async def main() -> None:
        bus = Bus()
        seen: list[str] = []

        async def handle(event: Event) -> None:
            seen.append(event.kind)

        listener = bus.on("a.*", lambda event: asyncio.ensure_future(handle(event)), mode="inline")
        bus.publish("a.b")
        await until(lambda: seen)
        assert books(listener) == {"handled": 1}
        await bus.aclose()

    asyncio.run(main())


@on_every_loop
def test_a_handler_that_is_called_once_may_begin_in_the_past(run: Run) -> None:
    async def main() -> None:
        bus = Bus(history=10)
        seen: list[int | None] = []

        async def handle(event: Event) -> None:
            seen.append(event.seq)

        for _ in range(3):
            bus.publish(Event("a.b"))
        listener = bus.on("a.*", handle, once=True, start="earliest")
        await until(lambda: not listener.active)
        bus.publish("a.b")
        assert (seen, books(listener)) == ([1], {"handled": 1})

    run(main)


def test_a_loop_that_is_forgotten_is_collected_without_complaint(recwarn: pytest.WarningsRecorder) -> None:
    async def handle(_: Event) -> None: ...

    async def main(bus: Bus) -> None:
        bus.on("a.*", handle, mode="concurrent", concurrency=2)
        bus.publish("a.b")
        await asyncio.sleep(0.01)

    def leave() -> None:
        loop = asyncio.new_event_loop()
        loop.run_until_complete(main(Bus()))
        loop.close()

    leave()
    gc.collect()
    assert not [told for told in recwarn if "ExceptionGroup" in str(told.message)]


def test_who_hears_that_a_handler_was_set_aside_may_look_at_it_and_resume_it() -> None:
    async def main() -> None:
        bus = Bus()
        seen: list[Any] = []

        async def handle(_: Event) -> None:
            raise ValueError("no")

        def suspended(event: Event) -> None:
            seen.append(listener.stats()["set_aside"])
            listener.resume()

        listener = bus.on("a.*", handle, set_aside_after=1)
        bus.on("bus.subscription.suspended", suspended, mode="inline", internal=True)
        bus.publish("a.b")
        bus.publish("a.b")
        await until(lambda: books(listener) == {"failed": 2} and seen == [True, True])
        await bus.aclose()

    asyncio.run(main())
