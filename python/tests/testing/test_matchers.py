"""What the matchers accept, and what they say when they don't."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

import newswire
from newswire.testing import RecordedBus, Seen, record, tree


@pytest.fixture
def seen() -> Iterator[Seen]:
    """A run: two model calls, two tools of which the second fails, a nested agent."""
    with record() as bus:
        emitter = bus.emitter(session_id="s")
        with emitter.run("cook") as run, run.emitter.agent("chef") as chef:
            call(chef.emitter, 100, 20, 0.01)
            with chef.emitter.tool_call("read", {"path": "menu"}) as read:
                read.complete("soup")
            with pytest.raises(ValueError), chef.emitter.tool_call("write", {"path": "bill"}):
                raise ValueError("no ink")
            for text in ("so", "up"):
                chef.emitter.emit("message.delta", {"message_id": "m", "text": text})
            call(chef.emitter, 50, 5, 0.02)
        yield bus.seen


def call(emitter: newswire.Emitter, read: int, written: int, cost: float) -> None:
    usage = {"input_tokens": read, "output_tokens": written, "cost_usd": cost}
    asked = emitter.model_call("scripted")
    asked.begin()
    asked.complete(usage=usage)  # type: ignore[arg-type]


def lines(error: Any) -> list[str]:
    return [re.sub(r" {2,}(completed|failed|canceled).*", r" \1", line) for line in str(error.value).splitlines()]


def test_what_happened_is_found_by_pattern_and_fields(seen: Seen) -> None:
    assert len(seen.happened("tool.call.*")) == 4
    assert seen.happened("tool.call.started", name="read")[0].payload.arguments == {"path": "menu"}
    assert seen.happened("model.call.completed", usage=lambda usage: usage["input_tokens"] > 60).times(1)
    assert seen.find("session.started") == []
    seen.never("session.started")
    seen.tool("write", path="bill").after("read")
    seen.tool("read").before("write").before("model.call.completed", usage=lambda usage: usage["output_tokens"] == 5)
    seen.happened("model.call.started").within("agent.started", name="chef")
    seen.tools("read", "write")
    seen.at_most(2, "model.call.started")
    seen.cost_under(0.031)
    seen.tokens_under(176)
    seen.all_ended()


def test_what_didnt_happen_shows_the_run_and_what_came_near(seen: Seen) -> None:
    with pytest.raises(AssertionError) as error:
        seen.happened("tool.call.completed", name="write")

    assert lines(error) == [
        "expected tool.call.completed (name='write'), which didn't happen",
        "",
        "what happened:",
        "  run cook completed",
        "    agent chef completed",
        "      model.call scripted completed",
        '>     tool.call read {"path": "menu"} completed',
        '      tool.call write {"path": "bill"} failed',
        "      message.delta x 2",
        "      model.call scripted completed",
    ]


def test_a_wrong_order_marks_both_lines(seen: Seen) -> None:
    with pytest.raises(AssertionError) as error:
        seen.tool("write").before("read")

    said = lines(error)
    assert said[0] == (
        "expected tool.call.started (name='write') before tool.call.started (name='read'), but it came after"
    )
    assert [line for line in said if line.startswith(">")] == [
        '>     tool.call read {"path": "menu"} completed',
        '>     tool.call write {"path": "bill"} failed',
    ]


def test_failures_are_marked_and_told_with_their_error(seen: Seen) -> None:
    with pytest.raises(AssertionError) as error:
        seen.no_failures()

    assert lines(error)[0] == "expected no failures, but 1 thing failed"
    marked = [line for line in str(error.value).splitlines() if line.startswith(">")]
    assert len(marked) == 1
    assert marked[0].endswith(": ValueError: no ink")


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda seen: seen.tools("read"), "expected the tools read, but the calls were read, write"),
        (lambda seen: seen.tools("write", "read"), "expected the tools write, read, but the calls were read, write"),
        (lambda seen: seen.tools(), "expected the tools (none), but the calls were read, write"),
        (
            lambda seen: seen.at_most(1, "model.call.started"),
            "expected model.call.started at most 1 times, but it happened 2 times",
        ),
        (lambda seen: seen.never("run.started"), "expected run.started never, but it happened once"),
        (lambda seen: seen.cost_under(0.03), "expected a cost under 0.03 USD, but it was 0.03 USD"),
        (lambda seen: seen.tokens_under(175), "expected fewer than 175 tokens, but there were 175"),
        (
            lambda seen: seen.happened("tool.call.started").times(1),
            "expected tool.call.started 1 times, but it happened 2 times",
        ),
        (
            lambda seen: seen.happened("agent.started").within("tool.call.started"),
            "expected agent.started within tool.call.started, but it isn't",
        ),
        (lambda seen: seen.tool("read", path="bill"), "expected tool.call.started (name='read', arguments with"),
    ],
)
def test_a_failure_says_what_was_expected(seen: Seen, ask: Any, said: str) -> None:
    with pytest.raises(AssertionError) as error:
        ask(seen)

    assert lines(error)[0].startswith(said)
    assert any(line.startswith("> ") for line in lines(error)[3:])


def test_a_cost_that_isnt_told_is_not_under_anything() -> None:
    with record() as bus:
        asked = bus.emitter().model_call("scripted")
        asked.begin()
        asked.complete()

    with pytest.raises(AssertionError, match="1 model call says no cost"):
        bus.seen.cost_under(1.0)


def test_what_is_still_open_is_shown_as_such() -> None:
    with record() as bus:
        bus.emitter().tool_call("wait").begin()

    with pytest.raises(AssertionError, match="1 thing didn't"):
        bus.seen.all_ended()
    assert tree(bus.events).split() == ["tool.call", "wait", "still", "open"]


def test_nothing_at_all_is_said_to_be_nothing() -> None:
    with record() as bus, pytest.raises(AssertionError, match=r"\(nothing\)"):
        bus.seen.happened("run.started")


def test_a_wrong_pattern_says_so_rather_than_that_nothing_matched(seen: Seen) -> None:
    with pytest.raises(newswire.InvalidError):
        seen.happened("tool.call.(")


def test_a_recorded_bus_keeps_what_is_published_until_it_closes() -> None:
    with record() as bus:
        assert isinstance(bus, RecordedBus)
        bus.emitter().emit("first.happened", {})
        assert len(bus.seen) == 1
        bus.emitter().emit("second.happened", {})

    assert [event.kind for event in bus.events] == ["first.happened", "second.happened"]
    assert bus.closed
