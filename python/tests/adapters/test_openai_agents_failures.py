"""Errors, cancellation, approvals and concurrency in runs of the OpenAI Agents SDK."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import newswire

pytest.importorskip("agents")

from agents import Agent, ModelRetrySettings, ModelSettings, RunConfig, Runner, function_tool, retry_policies, trace
from agents.testing import ModelStep, ScriptedModel, assistant_message, function_call
from agents.tracing import add_trace_processor

from newswire.adapters import openai_agents
from newswire.testing import RecordedBus

pytestmark = pytest.mark.usefixtures("no_export")


@function_tool
def break_softly() -> str:
    """Breaks; the model is told."""
    raise ValueError("broken")


@function_tool(failure_error_function=None)
def break_hard() -> str:
    """Breaks the run."""
    raise ValueError("broken")


def caller(tool: Any, **options: Any) -> Agent[Any]:
    script = [[function_call(tool.name, {}, call_id="c0")], [assistant_message("sorry")]]
    return Agent("a", model=ScriptedModel(script), tools=[tool], **options)


def test_a_tool_that_fails_is_told_even_where_the_agent_goes_on(newswire_bus: RecordedBus) -> None:
    openai_agents.install(newswire_bus)

    Runner.run_sync(caller(break_softly), "go")

    failed = newswire_bus.seen.happened("tool.call.failed", name="break_softly").times(1)[0].payload
    # The SDK keeps the error's own text from its traces and from the model.
    assert failed.error.message
    assert failed.result.startswith("An error occurred while running the tool")
    newswire_bus.seen.happened("run.completed", output="sorry")


def test_a_tool_that_fails_the_run_is_told_at_each_level(newswire_bus: RecordedBus) -> None:
    openai_agents.install(newswire_bus)

    with pytest.raises(Exception, match="broken"):
        Runner.run_sync(caller(break_hard), "go")

    for kind in ("tool.call", "agent", "run"):
        failed = newswire_bus.seen.happened(f"{kind}.failed").times(1)[0].payload
        assert (failed.error.type, failed.error.message) == ("ValueError", "broken")


@pytest.mark.parametrize("has_spans", [True, False], ids=["model with spans", "model without"])
@pytest.mark.parametrize("is_traced", [True, False], ids=["traced", "untraced"])
def test_a_model_that_fails_is_told(newswire_bus: RecordedBus, has_spans: bool, is_traced: bool) -> None:
    processor = openai_agents.install(newswire_bus)
    agent = Agent("a", model=ScriptedModel([RuntimeError("503")], emit_traces=has_spans))

    with pytest.raises(RuntimeError):
        Runner.run_sync(agent, "go", run_config=RunConfig(tracing_disabled=not is_traced))

    seen = newswire_bus.seen
    assert seen.happened("model.call.failed").times(1)[0].payload.error.message == "503"
    seen.happened("agent.failed").times(1)
    seen.happened("run.failed").times(1)
    assert len(processor.operations) == 0


def test_a_streamed_run_that_fails_is_told(newswire_bus: RecordedBus) -> None:
    openai_agents.install(newswire_bus)
    agent = Agent("a", model=ScriptedModel([RuntimeError("503")]))

    async def main() -> None:
        with pytest.raises(RuntimeError):
            async for _ in Runner.run_streamed(agent, "go").stream_events():
                pass

    asyncio.run(main())

    newswire_bus.seen.happened("model.call.failed").times(1)
    newswire_bus.seen.happened("run.failed").times(1)
    newswire_bus.seen.all_ended()


def test_a_run_that_is_canceled_leaves_nothing_open(newswire_bus: RecordedBus) -> None:
    processor = openai_agents.install(newswire_bus)
    begun = asyncio.Event()

    async def slow(_: Any) -> Any:
        begun.set()
        await asyncio.sleep(600)

    async def main() -> None:
        running = asyncio.create_task(Runner.run(Agent("a", model=ScriptedModel([ModelStep.respond(slow)])), "go"))
        await begun.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(main())

    for kind in ("model.call", "agent", "run"):
        newswire_bus.seen.happened(f"{kind}.canceled").times(1)
    newswire_bus.seen.all_ended()
    assert len(processor.operations) == 0


def test_a_run_inside_an_except_block_has_not_failed(newswire_bus: RecordedBus) -> None:
    openai_agents.install(newswire_bus)

    try:
        raise KeyError("before")
    except KeyError:
        Runner.run_sync(Agent("a", model=ScriptedModel([[assistant_message("fine")]])), "go")
        with trace("more"):
            pass

    newswire_bus.seen.no_failures()
    newswire_bus.seen.happened("run.completed").times(2)


def test_a_call_that_needs_approval_interrupts_the_run(newswire_bus: RecordedBus) -> None:
    done = []

    @function_tool(needs_approval=True)
    def delete(path: str) -> str:
        """Deletes."""
        done.append(path)
        return "gone"

    processor = openai_agents.install(newswire_bus)
    script = [[function_call("delete", {"path": "/a"}, call_id="c0")], [assistant_message("deleted")]]
    agent = Agent("a", model=ScriptedModel(script), tools=[delete])

    first = Runner.run_sync(agent, "go")
    state = first.to_state()
    state.approve(first.interruptions[0])
    Runner.run_sync(agent, state)

    seen = newswire_bus.seen
    seen.happened("tool.approval.started", name="delete", call_id="c0", arguments={"path": "/a"}).times(1)
    seen.happened("run.canceled", reason="interrupted").times(1).before("tool.call.started", name="delete")
    seen.happened("agent.canceled", reason="interrupted").times(1)
    seen.tools("delete")
    seen.happened("tool.call.completed", name="delete", result="gone").times(1)
    seen.happened("run.completed", output="deleted").times(1)
    assert done == ["/a"]
    assert len(processor.operations) == 0


def test_another_try_of_a_model_call_is_told(newswire_bus: RecordedBus) -> None:
    openai_agents.install(newswire_bus)
    model = ScriptedModel([ConnectionError("refused"), [assistant_message("ok")]], emit_traces=True)
    retry = ModelRetrySettings(max_retries=1, policy=retry_policies.any(lambda _: True), backoff={"initial_delay": 0})

    Runner.run_sync(Agent("a", model=model, model_settings=ModelSettings(retry=retry)), "go")

    newswire_bus.seen.happened("model.call.retried", attempt=2).times(1)
    newswire_bus.seen.happened("model.call.completed", content="ok").times(1)
    newswire_bus.seen.no_failures()


def test_concurrent_runs_keep_apart(newswire_bus: RecordedBus) -> None:
    openai_agents.install(newswire_bus)

    @function_tool
    async def echo(word: str) -> str:
        """Echoes."""
        await asyncio.sleep(0.01)
        return word

    async def one(word: str) -> None:
        script = [[function_call("echo", {"word": word}, call_id=f"c-{word}")], [assistant_message(f"said {word}")]]
        await Runner.run(Agent(f"a-{word}", model=ScriptedModel(script), tools=[echo]), word)

    async def main() -> None:
        await asyncio.gather(*(one(f"w{index}") for index in range(8)))

    asyncio.run(main())

    seen = newswire_bus.seen
    for run in seen.happened("run.started").times(8):
        own = [event for event in seen.events if event.scope["run"] == run.scope["run"]]
        word = run.payload.input
        assert [event.payload.output for event in own if event.kind == "run.completed"] == [f"said {word}"]
        assert {e.payload.name for e in own if e.kind == "agent.started"} == {f"a-{word}"}
        assert {e.payload.call_id for e in own if e.kind.startswith("tool.call.")} == {f"c-{word}"}
        assert len(own) == 13
    seen.all_ended()


def test_the_processor_alone_tells_what_traces_hold(newswire_bus: RecordedBus) -> None:
    add_trace_processor(openai_agents.NewswireProcessor(newswire_bus))

    Runner.run_sync(caller(break_softly), "go")

    seen = newswire_bus.seen
    seen.happened("agent.completed", name="a").within("run.started")
    seen.happened("tool.call.failed", name="break_softly").times(1)
    seen.all_ended()


def test_installing_again_tells_once_and_the_last_bus(newswire_bus: RecordedBus) -> None:
    other = newswire.Bus("other")
    openai_agents.install(other)
    openai_agents.install(newswire_bus)
    openai_agents.install(newswire_bus)

    Runner.run_sync(caller(break_softly), "go")
    openai_agents.uninstall()
    Runner.run_sync(caller(break_softly), "go")

    newswire_bus.seen.happened("run.completed").times(1)
    newswire_bus.seen.happened("model.call.completed").times(2)
    assert other.stats()["published"] == 0


def test_nothing_is_read_while_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    processor = openai_agents.install(newswire.Bus("unheard"))

    def read(*_: Any) -> Any:
        raise AssertionError("read")

    for name in ("messages", "arguments"):
        monkeypatch.setattr(f"newswire.adapters._openai_values.{name}", read)

    Runner.run_sync(caller(break_softly), "go")

    assert (processor.fault_count, len(processor.operations)) == (0, 0)
