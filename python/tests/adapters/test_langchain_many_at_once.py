"""Parallel tools, concurrent runs, several handlers: nothing mixes, and nothing is told twice."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import newswire

pytest.importorskip("langgraph")

from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool

from newswire.adapters import langchain
from newswire.testing import RecordedBus

from .graphs import ScriptedModel, agent, calls, chain, question


def test_parallel_tools_keep_apart(newswire_bus: RecordedBus) -> None:
    together = threading.Barrier(3, timeout=60)
    emitter = newswire_bus.emitter()

    @tool
    def meet(who: str) -> str:
        """Meets the others."""
        together.wait()
        emitter.emit("party.met", {"who": who})
        return who

    langchain.install(newswire_bus)
    model = ScriptedModel(script=[calls(*(("meet", {"who": who}) for who in "abc")), AIMessage("all")])

    agent(model, meet).invoke(question())

    seen = newswire_bus.seen
    for index, who in enumerate("abc"):
        call = seen.tool("meet", who=who).times(1)[0]
        assert call.payload.call_id == f"c{index}"
        ended = seen.happened("tool.call.completed", result=who).times(1)[0]
        assert ended.correlation["span"] == call.correlation["span"]
        met = seen.happened("party.met", who=who)[0]
        assert met.correlation["parent_span"] == call.correlation["span"]


async def one_run(name: str) -> str:
    async def slow(_: Any) -> str:
        await asyncio.sleep(0.01)
        return name

    chain = RunnableLambda(slow) | RunnableLambda(slow)
    return str(await chain.ainvoke(name))


def test_concurrent_runs_on_one_loop_keep_apart(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)

    async def main() -> None:
        await asyncio.gather(*(one_run(f"r{index}") for index in range(20)))

    asyncio.run(main())

    the_runs_kept_apart(newswire_bus, 20)


def test_concurrent_runs_in_threads_keep_apart(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda index: asyncio.run(one_run(f"r{index}")), range(20)))

    the_runs_kept_apart(newswire_bus, 20)


def the_runs_kept_apart(bus: RecordedBus, count: int) -> None:
    seen = bus.seen
    runs = seen.happened("run.started").times(count)
    for run in runs:
        own = [event for event in seen.events if event.scope["run"] == run.scope["run"]]
        name = run.payload.input
        assert {event.correlation["trace"] for event in own} == {run.correlation["trace"]}
        assert len(own) == 6
        for event in own[1:-1]:
            assert event.correlation["parent_span"] == run.correlation["span"]
            assert name in (getattr(event.payload, "output", None), getattr(event.payload, "input", None))
    seen.all_ended()


def test_runs_one_after_another_dont_nest(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)

    async def main() -> None:
        for _ in range(3):
            await one_run("again")

    asyncio.run(main())

    assert all("parent_span" not in run.correlation for run in newswire_bus.seen.happened("run.started").times(3))


def test_a_handler_that_is_installed_twice_and_given_as_well_tells_once(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)
    langchain.install(newswire_bus)
    given = langchain.NewswireCallback(newswire_bus)

    agent(ScriptedModel(script=[AIMessage("a")])).invoke(question(), config={"callbacks": [given]})

    newswire_bus.seen.happened("run.completed").times(1)
    newswire_bus.seen.happened("model.call.completed").times(1)


def test_the_last_installed_bus_is_told(newswire_bus: RecordedBus) -> None:
    other = newswire.Bus("other")
    langchain.install(other)
    langchain.install(newswire_bus)

    chain(lambda x: x).invoke(1)

    assert other.stats()["published"] == 0
    newswire_bus.seen.happened("run.completed").times(1)


def test_without_a_bus_the_process_s_own_is_told(newswire_bus: RecordedBus) -> None:
    langchain.install()

    chain(lambda x: x).invoke(1)

    newswire_bus.seen.happened("run.completed").times(1)


def test_after_uninstall_nothing_is_told(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)
    langchain.uninstall()

    chain(lambda x: x).invoke(1)

    assert len(newswire_bus.seen) == 0


def test_nothing_is_read_while_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = newswire.Bus("unheard")
    handler = langchain.NewswireCallback(bus)

    def read(*_: Any) -> Any:
        raise AssertionError("read")

    for name in ("message", "shown", "asked", "answered"):
        monkeypatch.setattr(f"newswire.adapters._langchain_values.{name}", read)

    model = ScriptedModel(script=[calls(("t", {})), AIMessage("a")])

    @tool
    def t() -> str:
        """Does nothing."""
        return ""

    agent(model, t).invoke(question(), config={"callbacks": [handler]})

    assert handler.fault_count == 0
    assert len(handler._operations) == 0


def test_a_bus_that_was_closed_harms_no_run() -> None:
    bus = newswire.Bus("closed")
    handler = langchain.NewswireCallback(bus)
    bus.close(1.0)

    assert chain(lambda x: x + 1).invoke(1, config={"callbacks": [handler]}) == 2
    assert handler.fault_count == 0
