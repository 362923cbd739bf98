"""What type checkers know of events by the class that was asked for: this file is checked, and runs."""

from __future__ import annotations

import asyncio
from typing import Any, assert_type

from newswire import Bus, Emitter, Event, Pending, Subscription
from newswire._guards import StepGuard, ToolCallGuard
from newswire.payloads import ToolCallStarted


def test_a_subscription_by_class_gives_events_of_that_class() -> None:
    bus = Bus()
    calls = bus.subscribe(ToolCallStarted)
    assert_type(calls, Subscription[ToolCallStarted])
    everything = bus.subscribe("*")
    assert_type(everything, Subscription[Any])
    bus.publish(ToolCallStarted("search"))
    event = calls.next(timeout=60)
    assert_type(event, Event[ToolCallStarted])
    assert_type(event.payload.name, str)
    assert event.payload.name == "search"


def test_a_handler_by_class_gets_events_of_that_class() -> None:
    bus = Bus()
    names: list[str] = []

    def note(event: Event[ToolCallStarted]) -> None:
        names.append(event.payload.name)

    bus.on(ToolCallStarted, note, mode="inline")
    bus.publish(ToolCallStarted("search"))
    assert names == ["search"]


def test_waits_and_guards_are_typed() -> None:
    async def main() -> None:
        bus = Bus()
        waited = bus.wait_for(ToolCallStarted, 60)
        assert_type(waited, Pending[Event[ToolCallStarted]])
        emitter = bus.emitter(session_id="s")
        assert_type(emitter, Emitter)
        with emitter.tool_call("search") as call:
            assert_type(call, ToolCallGuard)
        with emitter.step("load") as step:
            assert_type(step, StepGuard)
        assert (await waited).payload.name == "search"

    asyncio.run(main())


def test_decorated_functions_keep_their_types() -> None:
    emitter = Bus().emitter()

    @emitter.tool
    def search(query: str) -> list[str]:
        return [query]

    assert_type(search("a"), list[str])
    assert search("a") == ["a"]
