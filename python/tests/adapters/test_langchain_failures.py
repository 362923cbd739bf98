"""What goes wrong in a run is told where it went wrong; what goes wrong in the adapter harms nobody."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

pytest.importorskip("langgraph")

from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler, CallbackManagerForLLMRun
from langchain_core.callbacks.manager import dispatch_custom_event
from langchain_core.language_models.fake import FakeListLLM
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.outputs import ChatResult
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import Command, interrupt
from tenacity import RetryCallState, Retrying

from newswire.adapters import langchain
from newswire.testing import RecordedBus

from .graphs import ScriptedModel, agent, calls, chain, question


@tool
def add(a: int, b: int) -> int:
    """Adds."""
    return a + b


@tool
def break_down() -> str:
    """Breaks."""
    raise ValueError("broken")


def test_a_tool_that_fails_is_told_even_where_the_agent_goes_on(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)
    model = ScriptedModel(script=[calls(("break_down", {})), AIMessage("sorry")])

    agent(model, break_down).invoke(question())

    failed = newswire_bus.seen.happened("tool.call.failed", name="break_down").times(1)[0].payload
    assert (failed.error.type, failed.error.message) == ("ValueError", "broken")
    newswire_bus.seen.happened("run.completed", output="sorry")


def test_a_tool_that_fails_the_run_is_told_at_each_level(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)
    model = ScriptedModel(script=[calls(("break_down", {}))])

    with pytest.raises(ValueError):
        agent(model, break_down, handle_tool_errors=False).invoke(question())

    for kind in ("tool.call", "step", "run"):
        failed = newswire_bus.seen.happened(f"{kind}.failed").times(1)[0].payload
        assert failed.error.type == "ValueError"


def test_a_tool_that_answers_with_an_error_has_failed(newswire_bus: RecordedBus) -> None:
    @tool
    def refuse() -> Any:
        """Refuses."""
        return ToolMessage("no such file", tool_call_id="c0", status="error")

    langchain.install(newswire_bus)

    agent(ScriptedModel(script=[calls(("refuse", {})), AIMessage("ok")]), refuse).invoke(question())

    assert newswire_bus.seen.happened("tool.call.failed")[0].payload.error.message == "no such file"


def test_a_model_that_fails_is_told(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)

    with pytest.raises(TimeoutError):
        agent(ScriptedModel(script=[TimeoutError("slow")])).invoke(question())

    failed = newswire_bus.seen.happened("model.call.failed").times(1)[0].payload
    assert (failed.model, failed.error.type, failed.error.message) == ("scripted-1", "TimeoutError", "slow")
    newswire_bus.seen.happened("run.failed")


def test_a_run_that_is_canceled_leaves_nothing_open(newswire_bus: RecordedBus) -> None:
    handler = langchain.install(newswire_bus)
    graph = StateGraph(MessagesState)
    begun = asyncio.Event()

    @tool
    async def wait() -> str:
        """Waits."""
        begun.set()
        await asyncio.sleep(600)
        return ""

    async def node(state: MessagesState) -> dict[str, Any]:
        await wait.ainvoke({})
        return {}

    graph.add_node("node", node)
    graph.add_edge(START, "node")

    async def main() -> None:
        running = asyncio.create_task(graph.compile().ainvoke(question()))
        await begun.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(main())

    newswire_bus.seen.happened("tool.call.canceled", name="wait")
    newswire_bus.seen.happened("run.canceled", reason="CancelledError")
    newswire_bus.seen.all_ended()
    assert len(handler._operations) == 0


@pytest.mark.parametrize("is_installed", [True, False], ids=["installed", "given"])
def test_a_graph_that_is_interrupted_goes_on_in_another_run(newswire_bus: RecordedBus, is_installed: bool) -> None:
    def ask(_: MessagesState) -> dict[str, Any]:
        return {"messages": [AIMessage(f"so: {interrupt({'question': 'sure?'})}")]}

    graph = StateGraph(MessagesState)
    node: Any = ask
    graph.add_node("ask", node)
    graph.add_edge(START, "ask")
    app = graph.compile(checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "t"}}
    if is_installed:
        langchain.install(newswire_bus)
    else:
        config["callbacks"] = [langchain.NewswireCallback(newswire_bus)]

    app.invoke(question(), config)
    app.invoke(Command(resume="yes"), config)

    seen = newswire_bus.seen
    seen.happened("step.canceled", name="ask", reason="interrupted").times(1)
    told = seen.happened("langgraph.run.interrupted").times(1)[0].payload
    assert told["interrupts"][0]["value"] == {"question": "sure?"}
    seen.happened("run.canceled", reason="interrupted").times(1).before("langgraph.run.resumed")
    seen.happened("langgraph.run.resumed").times(1).before("run.completed", output="so: yes")
    seen.no_failures()


def test_another_try_of_a_model_call_is_told(newswire_bus: RecordedBus) -> None:
    class Stubborn(ScriptedModel):
        def _generate(
            self, messages: Any, stop: Any = None, run_manager: CallbackManagerForLLMRun | None = None, **kwargs: Any
        ) -> ChatResult:
            state = RetryCallState(Retrying(), None, (), {})
            state.set_exception((ConnectionError, ConnectionError("refused"), None))
            assert run_manager is not None
            run_manager.on_retry(state)
            return super()._generate(messages, **kwargs)

    langchain.install(newswire_bus)

    Stubborn(script=[AIMessage("ok")]).invoke("hi")

    retried = newswire_bus.seen.happened("model.call.retried", model="scripted-1", attempt=2)[0].payload
    assert retried.error.type == "ConnectionError"


def test_an_event_of_the_programs_own_is_told(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)

    def work(x: int) -> int:
        dispatch_custom_event("halfway", {"done": 50})
        return x

    chain(work).invoke(1)

    newswire_bus.seen.happened("langchain.event.dispatched", name="halfway", data={"done": 50}).within("run.started")


def test_what_no_event_can_carry_is_told_as_text(newswire_bus: RecordedBus) -> None:
    handler = langchain.install(newswire_bus)
    cycle: dict[str, Any] = {"name": "loop"}
    cycle["self"] = cycle

    chain(lambda _: {"set": {1}, "big": 2**80, "nan": float("nan"), "cycle": cycle, 7: object()}).invoke(1)
    chain(lambda _: "x" * (64 << 20)).invoke(1)

    done = newswire_bus.seen.happened("run.completed").times(2)
    assert done[0].payload.output["set"] == [1]
    assert done[0].payload.output["nan"] == "nan"
    assert len(done[1].payload.output) < 10_000
    assert handler.fault_count == 0


def test_a_mistake_of_the_adapter_is_logged_once_and_harms_nobody(
    newswire_bus: RecordedBus, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = langchain.install(newswire_bus)

    def mistake(*_: Any) -> Any:
        raise RuntimeError("a mistake")

    monkeypatch.setattr("newswire.adapters._langchain_values.asked", mistake)

    with caplog.at_level(logging.ERROR, "newswire"):
        assert chain(lambda x: x + 1).invoke(1) == 2
        assert chain(lambda x: x + 1).invoke(2) == 3

    assert handler.fault_count == 2
    assert len([record for record in caplog.records if record.name == "newswire"]) == 1


def test_the_programs_own_handlers_are_called_for_asynchronous_completions(newswire_bus: RecordedBus) -> None:
    started = []

    class Plain(BaseCallbackHandler):
        def on_llm_start(self, *_: Any, **__: Any) -> None:
            started.append("plain")

    class Awaited(AsyncCallbackHandler):
        async def on_llm_start(self, *_: Any, **__: Any) -> None:
            started.append("awaited")

    langchain.install(newswire_bus)

    asyncio.run(FakeListLLM(responses=["a"]).ainvoke("hi", config={"callbacks": [Plain(), Awaited()]}))

    assert sorted(started) == ["awaited", "plain"]
    newswire_bus.seen.happened("model.call.completed", content="a").times(1)
