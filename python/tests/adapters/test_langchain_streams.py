"""What a model says in pieces: each told once, as it comes, and the whole in the end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("langgraph")

from langchain_core.messages import AIMessageChunk

from newswire.adapters import langchain
from newswire.testing import RecordedBus, Seen

from .graphs import ScriptedModel, agent, question

Chunk: Any = AIMessageChunk
PIECES = [
    Chunk([{"type": "reasoning", "reasoning": "hm", "index": 0}]),
    Chunk([{"type": "text", "text": "hel", "index": 1}]),
    Chunk([{"type": "text", "text": "lo", "index": 1}]),
    Chunk("", tool_call_chunks=[{"name": "add", "args": "", "id": "c0", "index": 2}]),
    Chunk("", tool_call_chunks=[{"name": None, "args": '{"a": 1,', "id": None, "index": 2}]),
    Chunk("", tool_call_chunks=[{"name": None, "args": ' "b": 2}', "id": None, "index": 2}]),
    Chunk("", response_metadata={"finish_reason": "tool_calls"}, chunk_position="last"),
]


def the_pieces_were_told_once(seen: Seen) -> None:
    texts = seen.find("message.delta")
    assert [event.payload.text for event in texts] == ["hel", "lo"]
    created = seen.happened("message.created", content="hello").times(1)[0]
    assert {event.payload.message_id for event in texts} == {created.payload.message_id}

    thoughts = seen.find("reasoning.delta")
    assert [event.payload.text for event in thoughts] == ["hm"]
    thought = seen.happened("reasoning.created", content="hm").times(1)[0]
    assert thought.payload.reasoning_id == thoughts[0].payload.reasoning_id

    assert [event.payload.text for event in seen.find("tool.request.delta", call_id="c0")] == ['{"a": 1,', ' "b": 2}']
    request = seen.happened("tool.request.started", name="add", call_id="c0").times(1)
    request.before("tool.request.delta")
    seen.happened("tool.request.completed", arguments={"a": 1, "b": 2}).times(1)

    call = seen.happened("model.call.completed").times(1)[0].payload
    assert 0 < call.time_to_first_chunk_ns <= call.duration_ns
    assert (call.finish_reason, call.has_reasoning, call.tool_call_count) == ("tool_calls", True, 1)


def test_a_streamed_answer_is_told_piece_by_piece(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)

    for _ in ScriptedModel(script=[PIECES]).stream("hi"):
        pass

    the_pieces_were_told_once(newswire_bus.seen)


def test_so_is_one_that_is_streamed_on_an_event_loop(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)

    async def main() -> None:
        async for _ in ScriptedModel(script=[PIECES]).astream("hi"):
            pass

    asyncio.run(main())

    the_pieces_were_told_once(newswire_bus.seen)


def test_a_piece_that_comes_as_token_and_as_event_is_told_once(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)

    for _ in ScriptedModel(script=[PIECES]).stream_events("hi", version="v3"):
        pass

    the_pieces_were_told_once(newswire_bus.seen)


def test_events_of_a_stream_without_tokens_are_told(newswire_bus: RecordedBus) -> None:
    class Quiet(ScriptedModel):
        def _stream(self, *args: Any, run_manager: Any = None, **kwargs: Any) -> Any:
            return super()._stream(*args, **kwargs)

    langchain.install(newswire_bus)

    for _ in Quiet(script=[PIECES]).stream_events("hi", version="v3"):
        pass

    the_pieces_were_told_once(newswire_bus.seen)


def test_a_graphs_stream_that_is_left_early_is_canceled(newswire_bus: RecordedBus) -> None:
    handler = langchain.install(newswire_bus)
    graph = agent(ScriptedModel(script=[[Chunk("a"), Chunk("b")]]))

    stream: Any = graph.stream(question(), stream_mode="messages")
    next(iter(stream))
    stream.close()

    newswire_bus.seen.happened("run.canceled", reason="its stream was closed")
    newswire_bus.seen.all_ended()
    assert len(handler._operations) == 0


def test_a_models_stream_that_is_left_early_is_canceled(newswire_bus: RecordedBus) -> None:
    handler = langchain.install(newswire_bus)

    stream: Any = ScriptedModel(script=[PIECES]).stream("hi")
    for _ in range(4):
        next(stream)
    stream.close()

    newswire_bus.seen.happened("model.call.canceled", reason="its stream was closed")
    newswire_bus.seen.happened("tool.request.canceled", name="add")
    assert len(handler._operations) == 0


def test_a_stream_that_breaks_off_has_failed(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)

    with pytest.raises(OSError):
        list(ScriptedModel(script=[[Chunk("a"), OSError("reset")]]).stream("hi"))

    failed = newswire_bus.seen.happened("model.call.failed").times(1)[0].payload
    assert (failed.error.type, failed.error.message) == ("OSError", "reset")
    newswire_bus.seen.happened("message.delta", text="a").before("model.call.failed")
