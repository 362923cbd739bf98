"""Guards tell how operations begin and end, exactly once, and who is whose parent."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import pytest

from newswire import Bus, Event, PayloadError
from newswire.payloads import Failure, Usage

from .loops import Main, on_every_loop

Run = Callable[[Main], None]


class Seen:
    """All events of a bus, as they are published."""

    def __init__(self) -> None:
        self.bus = Bus()
        self.events: list[Event] = []
        self.bus.on("*", self.events.append, mode="inline")
        self.emitter = self.bus.emitter(session_id="s-1")

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def parents(self) -> dict[str, str | None]:
        """Whose part each operation is, by name."""
        started = {event.correlation["span"]: event.payload.name for event in self.events if event.phase == "started"}
        return {
            event.payload.name: started.get(event.correlation.get("parent_span", ""))
            for event in self.events
            if event.phase == "started"
        }


@pytest.fixture
def seen() -> Seen:
    return Seen()


def test_a_block_is_an_operation_with_one_span_and_a_duration(seen: Seen) -> None:
    with seen.emitter.tool_call("search", {"q": "x"}, call_id="c-1") as call:
        call.progress("half", current=1, total=2)
        call.complete(["a"], result_bytes=5)
    assert seen.kinds() == ["tool.call.started", "tool.call.progress", "tool.call.completed"]
    assert {event.correlation["span"] for event in seen.events} == {call.span}
    assert {event.correlation["trace"] for event in seen.events} == {call.trace}
    assert {event.scope["session"] for event in seen.events} == {"s-1"}
    completed = seen.events[-1].payload
    assert (completed.name, completed.call_id, completed.result) == ("search", "c-1", ["a"])
    assert completed.duration_ns > 0


def test_a_block_that_ends_without_saying_how_has_completed(seen: Seen) -> None:
    with seen.emitter.step("load"):
        pass
    assert seen.kinds() == ["step.started", "step.completed"]


def test_an_exception_is_told_and_goes_on(seen: Seen) -> None:
    with pytest.raises(KeyError), seen.emitter.step("load"):
        raise KeyError("city")
    assert seen.kinds() == ["step.started", "step.failed"]
    assert seen.events[-1].payload.error == Failure("'city'", type="KeyError")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError])
def test_what_was_stopped_is_canceled(seen: Seen, error: type[BaseException]) -> None:
    with pytest.raises(error), seen.emitter.step("load"):
        raise error
    assert seen.kinds() == ["step.started", "step.canceled"]
    assert seen.events[-1].payload.reason == error.__name__


@on_every_loop
def test_a_cancelled_task_cancels_its_operations(run: Run, seen: Seen) -> None:
    async def main() -> None:
        with anyio.move_on_after(0.01):
            async with seen.emitter.tool_call("search"):
                await anyio.sleep(60)

    run(main)
    assert seen.kinds() == ["tool.call.started", "tool.call.canceled"]


def test_an_operation_ends_once(seen: Seen) -> None:
    with seen.emitter.step("load") as step:
        step.fail("no file")
        step.complete()
        step.cancel("never mind")
        step.progress("still at it")
    assert seen.kinds() == ["step.started", "step.failed"]
    assert not step.is_open


def test_an_operation_needs_no_block(seen: Seen) -> None:
    call = seen.emitter.model_call("gpt-5", "openai").begin()
    assert seen.kinds() == ["model.call.started"]
    call.complete(Usage(input_tokens=412, output_tokens=31), finish_reason="stop")
    assert seen.events[-1].payload.usage == Usage(input_tokens=412, output_tokens=31)


def test_an_approval_without_a_verdict_has_not_completed(seen: Seen) -> None:
    with seen.emitter.tool_approval("delete_mail"):
        pass
    with seen.emitter.tool_approval("delete_mail") as asked:
        asked.complete(False, decided_by="user")
    assert seen.kinds()[1::2] == ["tool.approval.canceled", "tool.approval.completed"]


def test_what_happens_within_is_a_part_wherever_it_is_emitted(seen: Seen) -> None:
    elsewhere = seen.bus.emitter()
    with seen.emitter.run("outer") as run, elsewhere.step("inner"):
        elsewhere.message_created("user", "hi")
    elsewhere.message_created("user", "bye")
    assert seen.parents() == {"outer": None, "inner": "outer"}
    within, after = (event for event in seen.events if event.kind == "message.created")
    inner = next(event for event in seen.events if event.kind == "step.started")
    assert within.correlation["parent_span"] == inner.correlation["span"]
    assert within.correlation["trace"] == run.trace
    assert within.scope["run"] == run.emitter.scope["run"]
    assert "parent_span" not in after.correlation


def test_an_explicit_parent_wins_then_the_emitters_own_then_what_is_around(seen: Seen) -> None:
    given = seen.emitter.step("given").begin()
    with seen.emitter.run("around", "x"):
        with seen.emitter.with_context(parent=given).step("explicit"):
            pass
        with given.emitter.step("own"):
            pass
        with seen.emitter.step("ambient"):
            pass
    given.complete()
    assert seen.parents() == {
        "given": None, "around": None, "explicit": "given", "own": "given", "ambient": "around",
    }  # fmt: skip


def test_a_run_without_an_id_gets_its_traces(seen: Seen) -> None:
    with seen.emitter.run("one") as run:
        pass
    with seen.emitter.with_context(run_id="r-7").run("two"):
        pass
    assert [event.scope["run"] for event in seen.events[::2]] == [run.trace, "r-7"]


@on_every_loop
def test_tasks_keep_their_own_parents_across_await(run: Run, seen: Seen) -> None:
    async def work(name: str) -> None:
        async with seen.emitter.step(name):
            await anyio.sleep(0)
            with seen.emitter.tool_call(f"tool of {name}"):
                await anyio.sleep(0)

    async def main() -> None:
        with seen.emitter.run("root"):
            async with anyio.create_task_group() as group:
                for name in ("a", "b", "c"):
                    group.start_soon(work, name)

    run(main)
    assert seen.parents() == {"root": None} | {
        child: parent for name in "abc" for child, parent in ((name, "root"), (f"tool of {name}", name))
    }


def test_threads_are_a_part_of_what_they_are_bound_to(seen: Seen) -> None:
    def work(name: str) -> None:
        with seen.bus.emitter().step(name):
            pass

    with seen.emitter.run("root") as run:
        bound, open_here = run.emitter.bind(work), seen.emitter.bind(work)
        for function, name in ((bound, "bound"), (open_here, "open here"), (work, "free")):
            thread = threading.Thread(target=function, args=[name])
            thread.start()
            thread.join()
    assert seen.parents() == {"root": None, "bound": "root", "open here": "root", "free": None}


def test_a_generator_that_is_closed_late_leaves_nothing_behind(seen: Seen) -> None:
    def numbers() -> Iterator[int]:
        with seen.emitter.step("generator"):
            yield 1
            yield 2

    with seen.emitter.run("outer"):
        generator = numbers()
        next(generator)
    with seen.emitter.step("after"):
        pass
    generator.close()  # type: ignore[attr-defined]
    with seen.emitter.step("last"):
        pass
    assert seen.parents()["last"] is None
    assert seen.kinds().count("step.canceled") == 1


def test_a_generator_that_is_closed_in_another_context_neither_fails_nor_leaks(seen: Seen) -> None:
    async def numbers() -> AsyncIterator[int]:
        async with seen.emitter.step("generator"):
            yield 1
            yield 2

    async def main() -> None:
        generator = numbers()
        await asyncio.create_task(anext(generator))  # type: ignore[arg-type]
        await asyncio.create_task(generator.aclose())  # type: ignore[attr-defined]

    asyncio.run(main())
    contextvars.copy_context().run(lambda: None)
    with seen.emitter.step("after"):
        pass
    assert seen.parents() == {"generator": None, "after": None}


def test_a_decorated_function_is_an_operation_each_call(seen: Seen) -> None:
    @seen.emitter.step("load")
    def load(number: int) -> int:
        return 10 // number

    assert [load(1), load(2)] == [10, 5]
    with pytest.raises(ZeroDivisionError):
        load(0)
    assert seen.kinds() == ["step.started", "step.completed"] * 2 + ["step.started", "step.failed"]
    assert seen.events[1].payload.output == 10
    assert load.__name__ == "load"


def test_a_step_is_named_after_its_function_unless_told_otherwise(seen: Seen) -> None:
    @seen.emitter.step
    def load() -> None: ...

    load()
    assert seen.events[0].payload.name == "load"


def test_a_tool_tells_its_arguments_and_its_result(seen: Seen) -> None:
    @seen.emitter.tool
    def search(query: str, limit: int = 3) -> list[str]:
        return [query] * limit

    @seen.emitter.tool("web_search", engine="local")
    async def search_web(query: str) -> str:
        return query

    search("a", limit=2)
    asyncio.run(search_web("b"))
    started, completed = seen.events[0].payload, seen.events[1].payload
    assert (started.name, started.arguments) == ("search", {"query": "a", "limit": 2})
    assert completed.result == ["a", "a"]
    assert (seen.events[2].payload.name, seen.events[2].payload.engine) == ("web_search", "local")


@on_every_loop
def test_decorated_coroutines_and_generators_end_with_their_last_step(run: Run, seen: Seen) -> None:
    @seen.emitter.step("async")
    async def load() -> int:
        with seen.emitter.tool_call("within"):
            await anyio.sleep(0)
        return 1

    @seen.emitter.step("stream")
    async def stream() -> AsyncIterator[int]:
        for number in range(3):
            with seen.emitter.tool_call(f"piece {number}"):
                yield number

    async def main() -> None:
        assert await load() == 1
        async for number in stream():
            with seen.emitter.tool_call(f"consumer {number}"):
                pass

    run(main)
    parents = seen.parents()
    assert parents["within"] == "async"
    assert parents["piece 1"] == "stream"
    assert seen.kinds().count("step.completed") == 2


def test_a_decorated_generator_is_not_around_its_consumer(seen: Seen) -> None:
    @seen.emitter.step("numbers")
    def numbers() -> Iterator[int]:
        with seen.emitter.tool_call("inside"):
            pass
        got = yield 1
        assert got == "sent"
        try:
            yield 2
        except ValueError:
            yield 3

    generator = numbers()
    assert next(generator) == 1
    with seen.emitter.tool_call("consumer"):
        pass
    assert generator.send("sent") == 2  # type: ignore[attr-defined]
    assert generator.throw(ValueError) == 3  # type: ignore[attr-defined]
    assert list(generator) == []
    assert seen.parents() == {"numbers": None, "inside": "numbers", "consumer": None}
    assert seen.kinds()[-1] == "step.completed"


def test_nobody_is_kept_from_work_by_what_can_not_be_emitted(seen: Seen, caplog: pytest.LogCaptureFixture) -> None:
    @seen.emitter.tool
    def search(query: object) -> set[int]:
        return {1}

    with caplog.at_level(logging.WARNING, logger="newswire"):
        assert search(object()) == {1}
    assert seen.kinds() == ["tool.call.started", "tool.call.completed"]
    assert seen.events[0].payload.arguments is None
    assert "set is not JSON" in caplog.text


def test_a_result_that_is_not_json_is_an_error_and_the_end_all_the_same(seen: Seen) -> None:
    with pytest.raises(PayloadError) as caught, seen.emitter.tool_call("search") as call:
        call.complete({"results": [1, {2}]})
    assert caught.value.path == "payload.result.results[1]"
    assert seen.kinds() == ["tool.call.started", "tool.call.completed"]


def test_an_emitter_of_a_closed_bus_disturbs_nobody(seen: Seen) -> None:
    seen.bus.close()
    with seen.emitter.run("late") as run, run.emitter.step("within"):
        pass
    assert seen.events == []


def test_core_kinds_have_methods_that_build_nothing_for_nobody() -> None:
    bus = Bus()
    emitter = bus.emitter()
    assert emitter.message_created("user", "hi").seq is None
    events = bus.subscribe("message.*")
    assert emitter.message_delta("m-1", "he").seq == 1
    assert events.next(timeout=1).payload.text == "he"


def test_context_is_added_and_wins(seen: Seen) -> None:
    emitter = seen.emitter.with_context(session_id="s-2", agent_id="planner", tags=["canary"], attrs={"region": "eu"})
    emitter.with_context(source=("tool_runner", "search")).emit("a.b", {"x": 1}, message="hello")
    (event,) = seen.events
    assert dict(event.scope) == {"session": "s-2", "agent": "planner"}
    assert (event.tags, dict(event.attrs), event.message) == (frozenset({"canary"}), {"region": "eu"}, "hello")
    assert (event.source, event.source_name, event.payload) == ("tool_runner", "search", {"x": 1})
    assert dict(seen.emitter.scope) == {"session": "s-1"}


def test_an_emitter_refuses_ids_that_there_are_not() -> None:
    wrong: Any = {"sesion_id": "s"}
    with pytest.raises(TypeError, match="session_id"):
        Bus().emitter(**wrong)
    wrong = {"session_id": 7}
    with pytest.raises(TypeError, match="text"):
        Bus().emitter(**wrong)
