"""Handlers called without end under a collector that runs all the time, cycles, and storms of cancellations.

`python -X dev tests/life/collecting.py 10000000` calls back that often; with `PYTHONMALLOC=debug` each block of
memory is guarded, too.
"""

from __future__ import annotations

import asyncio
import gc
import random
import sys
import time
import weakref
from pathlib import Path

import newswire

# What the goal allows; where little memory is used, its pages weigh more than that.
MOST_GROWTH = 0.01
LEAST_GROWTH_KIB = 4096
# Longer than anything takes.
PATIENCE = 60.0


class Agent:
    """Holds a bus that holds a handler that holds it."""

    def __init__(self) -> None:
        self.bus = newswire.Bus()
        self.seen = 0
        self.me: list[object] = [self]
        self.bus.on("a.*", self.handle, mode="inline")
        self.bus.on("a.*", self.handle)
        self.bus.on("a.*", self.handle_later)
        self.events = self.bus.subscribe("a.*")

    def handle(self, event: newswire.Event) -> None:
        self.seen += len(event.kind)

    async def handle_later(self, event: newswire.Event) -> None:
        self.seen += len(event.payload["text"])


def cycles(times: int) -> list[str]:
    """Agents that nobody holds go, with their buses."""
    gone: list[weakref.ref[Agent]] = []
    for _ in range(times):
        agent = Agent()
        agent.bus.publish("a.b", text="x")
        agent.bus.close(PATIENCE)
        gone.append(weakref.ref(agent))
        del agent
    # What a thread of a bus has in its hands goes when that lets go of it.
    end = time.monotonic() + PATIENCE
    gc.collect()
    while (left := sum(agent() is not None for agent in gone)) and time.monotonic() < end:
        time.sleep(0.01)
        gc.collect()
    return [f"{left} of {times} agents are still there"] if left else []


def storm(times: int) -> list[str]:
    """Tasks that wait for events are cancelled at any moment: none is lost, none given twice."""
    bus = newswire.Bus(history=0)
    events = bus.subscribe("a.*", buffer=times + 1)
    taken: list[int] = []
    chance = random.Random(7)

    async def take() -> None:
        taken.append((await anext(events)).payload["number"])

    async def main() -> None:
        for number in range(times):
            task = asyncio.ensure_future(take())
            if chance.random() < 0.5:
                await asyncio.sleep(0)
            bus.publish("a.b", number=number)
            if chance.random() < 0.5:
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])

    asyncio.run(main())
    taken += [event.payload["number"] for event in events.until_quiet(0)]
    if taken != list(range(times)):
        return [f"{len(taken)} of {times} events were given, {len(set(taken))} of them once"]
    return []


def memory_kib() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def callbacks(times: int) -> list[str]:
    """Memory after a tenth of the calls and at the end."""
    # One for each handler, since they run on threads of their own.
    calls = [0, 0, 0]
    bus = newswire.Bus(history=0)

    def count(event: newswire.Event) -> None:
        calls[0] += event.payload is not None

    def count_elsewhere(event: newswire.Event) -> None:
        calls[1] += event.payload is not None

    async def count_later(event: newswire.Event) -> None:
        calls[2] += event.json() is not None

    bus.on("a.*", count, mode="inline")
    bus.on("a.*", count_elsewhere, when_full="block", max_wait=PATIENCE)
    bus.on("a.*", count_later, when_full="block", max_wait=PATIENCE)
    payload = {"text": "word " * 20, "numbers": list(range(10)), "nested": {"a": [None, True, 1.5]}}
    rounds = times // len(calls)
    early = 0
    for number in range(rounds):
        bus.publish("a.b", **payload)
        if number == rounds // 10:
            early = memory_kib()
    report = bus.close(PATIENCE)
    late = memory_kib()
    wrong = []
    if calls != [rounds] * len(calls) or not report["complete"]:
        wrong.append(f"{calls} calls for {rounds} events")
    print(f"{early} KiB after a tenth of {sum(calls)} calls, {late} KiB at the end", flush=True)
    if late - early > max(early * MOST_GROWTH, LEAST_GROWTH_KIB):
        wrong.append(f"memory grew from {early} to {late} KiB")
    return wrong


if __name__ == "__main__":
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    usual = gc.get_threshold()
    gc.set_threshold(1)
    failures = cycles(min(many // 1000, 300)) + storm(min(many // 100, 20_000))
    failures += callbacks(many // 10)
    # The rest at the usual pace, since a collector that runs at each object makes nine tenths of the time.
    gc.set_threshold(*usual)
    failures += callbacks(many)
    print("\n".join(failures) or "all was collected, nothing was lost")
    sys.exit(bool(failures))
