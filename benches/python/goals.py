"""Python's goals for speed, each measured beside its peers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

import blinker
import newswire
import pyee
from report import at_least, at_most
from rounds import each, timed

# Five arguments, as an emitter's methods have.
ARGUMENTS = 'version="1.2", count=3, share=0.5, done=True, note=None'
PAYLOAD = {
    "tool": "search",
    "call_id": "call-17",
    "query": "weather in Lisbon",
    "attempt": 1,
    "share": 0.25,
}


def py1(rounds: int) -> None:
    """Nobody listens."""
    bus = newswire.Bus()

    def empty(kind: str, /, **payload: Any) -> None:
        pass

    signal = blinker.Signal()
    found = each(
        {
            "empty function": (
                timed(f'empty("deploy.finished", {ARGUMENTS})', empty=empty),
                50_000,
            ),
            "newswire": (
                timed(f'bus.publish("deploy.finished", {ARGUMENTS})', bus=bus),
                50_000,
            ),
            "blinker": (
                timed(f"signal.send(None, {ARGUMENTS})", signal=signal),
                50_000,
            ),
        },
        rounds,
    )
    ours = found["newswire"]
    at_most(
        "PY1",
        ours / found["empty function"],
        1.5,
        "x an empty function",
        "an empty function",
        **found,
    )
    at_least("PY1.blinker", found["blinker"] / ours, 3, "x as fast", "blinker", **found)


def py2(rounds: int) -> None:
    """One inline handler and an event that is ready."""
    bus = newswire.Bus()
    event = newswire.Event("deploy.finished", PAYLOAD)

    def handler(event: object) -> None:
        pass

    bus.on("deploy.*", handler, mode="inline")
    emitter = pyee.EventEmitter()
    emitter.on("deploy", handler)
    signal = blinker.Signal()

    def receiver(sender: object, event: object) -> None:
        pass

    signal.connect(receiver)
    found = each(
        {
            "newswire": (timed("bus.publish(event)", bus=bus, event=event), 20_000),
            "pyee": (
                timed('emitter.emit("deploy", event)', emitter=emitter, event=event),
                20_000,
            ),
            "blinker": (
                timed("signal.send(None, event=event)", signal=signal, event=event),
                20_000,
            ),
        },
        rounds,
    )
    ours = found["newswire"]
    at_least("PY2", found["pyee"] / ours, 2, "x as fast", "pyee", **found)
    at_least("PY2.blinker", found["blinker"] / ours, 4, "x as fast", "blinker", **found)


def py3(rounds: int) -> None:
    """A payload of five fields into a bounded queue."""
    from opentelemetry.sdk.trace import TracerProvider

    bus = newswire.Bus()
    # The view is served in Rust, in the publisher's thread; a queue that nobody reads lets go of its oldest.
    queue = bus.pull("deploy.*", buffer=1024)
    log = logging.getLogger("bench")
    log.propagate = False
    log.setLevel(logging.INFO)
    log.addHandler(logging.NullHandler())
    tracer = TracerProvider().get_tracer("bench")
    found = each(
        {
            "newswire": (
                timed(
                    'bus.publish("deploy.finished", **payload)',
                    bus=bus,
                    payload=PAYLOAD,
                ),
                20_000,
            ),
            "logging": (
                timed(
                    'log.info("deploy finished", extra=payload)',
                    log=log,
                    payload=PAYLOAD,
                ),
                5_000,
            ),
            "opentelemetry": (
                timed(
                    'tracer.start_span("deploy", attributes=payload).end()',
                    tracer=tracer,
                    payload=PAYLOAD,
                ),
                1_000,
            ),
        },
        rounds,
    )
    queue.close()
    ours = found["newswire"]
    at_most("PY3", ours / 1000, 0.7, "us", "none", **found)
    at_least(
        "PY3.logging",
        found["logging"] / ours,
        4,
        "x as fast",
        "logging, null handler",
        **found,
    )
    at_least(
        "PY3.otel",
        found["opentelemetry"] / ours,
        15,
        "x as fast",
        "an OpenTelemetry SDK span",
        **found,
    )


def py4(rounds: int) -> None:
    """From the bus to Python, in batches."""
    count = 50_000
    bus = newswire.Bus()
    events = [newswire.Event("deploy.finished", PAYLOAD) for _ in range(1000)]
    queue = bus.pull("deploy.*", buffer=count)

    def take(handler: Any) -> Any:
        def run(times: int) -> float:
            for _ in range(times // 1000):
                bus.publish_batch(events)
            began = time.thread_time()
            left = times // 1000 * 1000
            while left:
                batch = queue.next_batch(256)
                left -= len(batch)
                for event in batch:
                    handler(event)
            return time.thread_time() - began

        return run

    found = each(
        {
            "raw": (take(lambda event: None), count),
            "parsed": (take(lambda event: event.payload), count),
        },
        rounds,
    )
    at_least("PY4", 1e3 / found["raw"], 5, "million calls a second", "none", **found)
    at_least(
        "PY4.parsed",
        1e3 / found["parsed"],
        1,
        "million calls a second",
        "none",
        **found,
    )


def py5(rounds: int) -> None:
    """Publish, one handler, its result."""
    import bubus

    class Deployed(bubus.BaseEvent[int]):
        version: str

    async def handle(event: Deployed) -> int:
        return len(event.version)

    def theirs(times: int) -> float:
        async def run() -> float:
            bus = bubus.EventBus(max_history_size=50)
            bus.on(Deployed, handle)
            began = time.thread_time()
            for _ in range(times):
                await bus.dispatch(Deployed(version="1.2")).event_result()
            took = time.thread_time() - began
            await bus.stop(timeout=1)
            return took

        return asyncio.run(run())

    bus = newswire.Bus()
    results: list[int] = []
    bus.on(
        "deploy.*",
        lambda event: results.append(len(event.payload["version"])),
        mode="inline",
    )
    ours = timed(
        'bus.publish("deploy.finished", version="1.2"); results.pop()',
        bus=bus,
        results=results,
    )
    logging.getLogger("bubus").setLevel(logging.CRITICAL)
    found = each({"newswire": (ours, 5_000), "bubus": (theirs, 200)}, rounds)
    at_least(
        "PY5", found["bubus"] / found["newswire"], 500, "x as fast", "bubus", **found
    )


def _in_rounds(measure: Callable[[int], None]) -> Callable[[bool], None]:
    return lambda short: measure(3 if short else 21)


GOALS = {
    name: _in_rounds(measure)
    for name, measure in {
        "PY1": py1,
        "PY2": py2,
        "PY3": py3,
        "PY4": py4,
        "PY5": py5,
    }.items()
}
