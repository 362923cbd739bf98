"""What a run of the OpenAI Agents SDK becomes: one tree, from its traces and its hooks, each thing told once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("agents")

from agents import (
    Agent,
    GuardrailFunctionOutput,
    ModelSettings,
    RunConfig,
    RunHooks,
    Runner,
    Usage,
    custom_span,
    function_tool,
    input_guardrail,
    speech_group_span,
    speech_span,
    trace,
    transcription_span,
)
from agents.testing import ModelStep, ScriptedModel, assistant_message, function_call
from openai.types.responses.response_usage import InputTokensDetails, OutputTokensDetails

from newswire.adapters import openai_agents
from newswire.testing import RecordedBus

pytestmark = pytest.mark.usefixtures("no_export")


@function_tool
def add(a: int, b: int) -> int:
    """Adds."""
    return a + b


def calculator(**options: Any) -> Agent[Any]:
    script = [
        [function_call("add", {"a": 1, "b": 2}, call_id="c0"), function_call("add", {"a": 3, "b": 4}, call_id="c1")],
        [assistant_message("three and seven")],
    ]
    return Agent("calculator", model=ScriptedModel(script, **options), tools=[add])


@pytest.mark.parametrize("has_spans", [True, False], ids=["model with spans", "model without"])
def test_a_runs_agent_calls_and_tools_form_one_tree(newswire_bus: RecordedBus, has_spans: bool) -> None:
    processor = openai_agents.install(newswire_bus)

    Runner.run_sync(calculator(emit_traces=has_spans), "add")

    seen = newswire_bus.seen
    run = seen.happened("run.started", input="add").times(1)[0]
    assert {event.scope["run"] for event in seen.events} == {run.scope["run"]}
    seen.happened("agent.started", name="calculator").times(1).within("run.started")
    seen.happened("model.call.started").times(2).within("agent.started")
    seen.happened("tool.request.completed", call_id="c0", arguments={"a": 1, "b": 2}).within("model.call.started")
    seen.tools("add", "add")
    seen.happened("tool.call.started", call_id="c1", arguments={"a": 3, "b": 4}, agent="calculator").times(1)
    seen.happened("tool.call.completed", call_id="c1", result=7).within("agent.started")
    seen.happened("message.created", content="three and seven").within("model.call.started")
    seen.happened("agent.completed", output="three and seven", iteration_count=2, tool_call_count=2)
    seen.happened("run.completed", output="three and seven", model_call_count=2, tool_call_count=2)
    seen.no_failures()
    seen.all_ended()
    assert (processor.fault_count, len(processor.operations)) == (0, 0)


def test_a_model_call_tells_who_was_asked_what_and_what_it_used(newswire_bus: RecordedBus) -> None:
    openai_agents.install(newswire_bus)
    usage = Usage(
        requests=1,
        input_tokens=100,
        output_tokens=20,
        total_tokens=120,
        input_tokens_details=InputTokensDetails(cached_tokens=60, cache_write_tokens=5),
        output_tokens_details=OutputTokensDetails(reasoning_tokens=8),
    )
    model = ScriptedModel([ModelStep(output=[assistant_message("hi")], usage=usage, response_id="r-1")])
    settings = ModelSettings(temperature=0.2, max_tokens=50)
    agent = Agent("a", instructions="be brief", model=model, tools=[add], model_settings=settings)

    Runner.run_sync(agent, "hello")

    seen = newswire_bus.seen
    started = seen.happened("model.call.started", temperature=0.2, max_output_tokens=50, tool_count=1)[0].payload
    assert started.messages[0] == {"role": "system", "content": "be brief"}
    assert started.messages[1]["content"] == "hello"
    done = seen.happened("model.call.completed", response_id="r-1", content="hi")[0].payload
    assert done.usage.to_dict() == {
        "input_tokens": 100,
        "output_tokens": 20,
        "cache_read_tokens": 60,
        "cache_write_tokens": 5,
        "reasoning_tokens": 8,
    }
    assert seen.happened("run.completed")[0].payload.usage.input_tokens == 100


def test_a_streamed_answer_is_told_piece_by_piece(newswire_bus: RecordedBus) -> None:
    openai_agents.install(newswire_bus)

    async def main() -> None:
        async for _ in Runner.run_streamed(calculator(), "add").stream_events():
            pass

    asyncio.run(main())

    seen = newswire_bus.seen
    piece = seen.happened("message.delta", text="three and seven")[0].payload
    assert seen.happened("message.created").times(1)[0].payload.message_id == piece.message_id
    assert [event.payload.call_id for event in seen.find("tool.request.delta")] == ["c0", "c1"]
    seen.happened("tool.request.started").times(2)
    seen.happened("model.call.started", stream=True).times(2)
    for call in seen.happened("model.call.completed"):
        assert 0 < call.payload.time_to_first_chunk_ns <= call.payload.duration_ns
    seen.happened("run.completed", output="three and seven").times(1)
    seen.all_ended()


def test_a_handoff_tells_from_whom_to_whom(newswire_bus: RecordedBus) -> None:
    openai_agents.install(newswire_bus)
    second = Agent("second", model=ScriptedModel([[assistant_message("done")]]))
    script = [[function_call("transfer_to_second", {}, call_id="c0")]]
    first = Agent("first", model=ScriptedModel(script), handoffs=[second])

    Runner.run_sync(first, "go")

    seen = newswire_bus.seen
    handoff = {"from": "first", "to": "second"}
    seen.happened("workflow.transitioned", event="handoff", **handoff).times(1).before("agent.started", name="second")
    seen.happened("agent.completed", name="second", output="done").within("run.started")


def test_an_agent_that_is_a_tool_is_a_part_of_its_call(newswire_bus: RecordedBus) -> None:
    openai_agents.install(newswire_bus)
    inner = Agent("inner", model=ScriptedModel([[assistant_message("42")]]))
    script = [[function_call("ask", {"input": "why"}, call_id="c0")], [assistant_message("so 42")]]
    outer = Agent("outer", model=ScriptedModel(script), tools=[inner.as_tool("ask", "Asks.")])

    Runner.run_sync(outer, "go")

    seen = newswire_bus.seen
    seen.happened("run.started").times(1)
    seen.happened("agent.started", name="inner").within("tool.call.started", name="ask")
    seen.happened("model.call.completed", content="42").within("agent.started", name="inner")
    seen.happened("run.completed", output="so 42")


def test_a_guardrails_verdict_is_told_and_stops_the_run(newswire_bus: RecordedBus) -> None:
    @input_guardrail(run_in_parallel=False)
    async def polite(*_: Any) -> GuardrailFunctionOutput:
        return GuardrailFunctionOutput(output_info="rude", tripwire_triggered=True)

    openai_agents.install(newswire_bus)
    agent = Agent("a", model=ScriptedModel([[assistant_message("x")]]), input_guardrails=[polite])

    with pytest.raises(Exception, match="tripwire"):
        Runner.run_sync(agent, "!")

    seen = newswire_bus.seen
    seen.happened("validation.completed", name="polite", passed=False).times(1).before("run.canceled")
    seen.no_failures()
    seen.all_ended()


def test_a_trace_of_ones_own_is_the_run(newswire_bus: RecordedBus) -> None:
    openai_agents.install(newswire_bus)

    with trace("two questions", group_id="chat-7"):
        for _ in range(2):
            Runner.run_sync(calculator(), "add")
        with custom_span("tidy", {"n": 1}):
            newswire_bus.emitter().emit("desk.tidied", {})

    seen = newswire_bus.seen
    seen.happened("run.started", name="two questions").times(1)
    seen.happened("agent.started").times(2).within("run.started")
    seen.happened("desk.tidied").within("step.started", name="tidy")
    assert seen.happened("agent.started")[0].scope["conversation"] == "chat-7"
    seen.happened("run.completed", model_call_count=4).times(1)
    seen.all_ended()


def test_with_tracing_off_the_hooks_alone_tell_the_run(newswire_bus: RecordedBus) -> None:
    openai_agents.install(newswire_bus)

    Runner.run_sync(calculator(), "add", run_config=RunConfig(tracing_disabled=True, workflow_name="quiet"))

    seen = newswire_bus.seen
    seen.happened("run.started", name="quiet", input="add").times(1)
    seen.happened("agent.started", name="calculator").times(1).within("run.started")
    seen.happened("model.call.completed").times(2).within("agent.started")
    seen.tools("add", "add")
    seen.happened("tool.call.completed", call_id="c0", result=3).within("agent.started")
    seen.happened("run.completed", output="three and seven")
    seen.all_ended()


def test_the_programs_own_hooks_are_called_as_before(newswire_bus: RecordedBus) -> None:
    called: list[str] = []

    class Own(RunHooks[Any]):
        async def on_llm_start(self, *_: Any) -> None:
            called.append("asked")

        async def on_tool_end(self, *_: Any) -> None:
            called.append("tool")

    openai_agents.install(newswire_bus)

    Runner.run_sync(calculator(), "add", hooks=Own())

    assert called == ["asked", "tool", "tool", "asked"]
    newswire_bus.seen.tools("add", "add")


def test_without_content_only_figures_and_names_are_told(newswire_bus: RecordedBus) -> None:
    openai_agents.install(newswire_bus)

    Runner.run_sync(calculator(), "add secret", run_config=RunConfig(trace_include_sensitive_data=False))

    told = "".join(event.json() for event in newswire_bus.events)
    assert "secret" not in told
    assert "three and seven" not in told
    newswire_bus.seen.happened("tool.call.started", name="add", call_id="c0")
    newswire_bus.seen.never("tool.call.started", arguments=lambda given: given is not None)


def test_what_was_heard_and_spoken_is_told_without_its_audio(newswire_bus: RecordedBus) -> None:
    openai_agents.install(newswire_bus)

    with trace("voice"), custom_span("turn"):
        with transcription_span(model="whisper-1", input="UklGRg==") as heard:
            heard.span_data.output = "add one and two"
        with speech_group_span(), speech_span(model="tts-1", input="three") as spoken:
            spoken.span_data.output = "UklGRg=="
        with speech_span(model="tts-1", input="four") as failed:
            failed.set_error({"message": "no voice", "data": None})

    seen = newswire_bus.seen
    heard_as = seen.happened("transcription.call.completed", model="whisper-1", text="add one and two").times(1)
    heard_as.within("step.started")
    seen.happened("speech.call.started", model="tts-1", text="three").times(1).within("step.started")
    seen.happened("speech.call.completed", model="tts-1", character_count=5).times(1)
    seen.happened("speech.call.failed", model="tts-1").times(1)
    assert not any("UklGRg==" in event.json() for event in seen.events)


def test_every_framework_that_is_there_is_told_of_by_one_line(newswire_bus: RecordedBus) -> None:
    from newswire import adapters
    from newswire.adapters import langchain

    try:
        assert adapters.install(newswire_bus) == ["langchain", "openai_agents"]
        Runner.run_sync(calculator(), "add")
        newswire_bus.seen.happened("run.completed").times(1)
    finally:
        langchain.uninstall(newswire_bus)
