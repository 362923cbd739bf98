"""Forks while four threads publish: children never hang, what they inherit says so, the parent loses nothing.

`python tests/life/forks.py 1000` forks that often.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import newswire

# Longer than any child takes that doesn't hang.
PATIENCE = 60.0


def in_child(inherited: newswire.Bus, events: newswire.Subscription, parents_id: str) -> str:
    """What a child finds wrong; nothing where all is well."""
    for touch in (
        lambda: inherited.publish("a.b"),
        lambda: inherited.subscribe("*"),
        lambda: inherited.stats(),
        lambda: events.next(0.1),
        lambda: inherited.close(1),
    ):
        try:
            touch()
        except newswire.ClosedError as error:
            if "fork" not in str(error) and "ended" not in str(error):
                return f"an error that doesn't tell of the fork: {error}"
        else:
            return "the inherited bus was taken for its own"
    fresh = newswire.Bus()
    seen: list[str] = []
    fresh.on("c.*", lambda event: seen.append(event.id), mode="inline")
    worked = threading.Event()
    fresh.on("c.*", lambda event: worked.set())
    fresh.publish("c.d")
    if not worked.wait(PATIENCE / 2):
        return "no worker served the child's own bus"
    if len(seen) != 1 or seen[0] == parents_id:
        return f"ids of the child: {seen}"
    return "" if fresh.close(PATIENCE / 2)["complete"] else "the child's own bus didn't close"


def fork(bus: newswire.Bus, events: newswire.Subscription) -> str | None:
    """Forks once; what went wrong, if anything did."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        wrong = "it failed"
        try:
            wrong = in_child(bus, events, newswire.Event("a.b").id)
        finally:
            os.write(tell, wrong.encode())
            os._exit(bool(wrong))
    os.close(tell)
    deadline = time.monotonic() + PATIENCE
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(told)
            return "a child hung"
        time.sleep(0.001)
    wrong = os.read(told, 1000).decode()
    os.close(told)
    return wrong or None


def forks(times: int) -> list[str]:
    """Forks so often while four threads publish; what went wrong."""
    bus = newswire.Bus("parent")
    events = bus.subscribe("*")
    handled = [0]

    def count(_: object) -> None:
        handled[0] += 1

    bus.on("a.*", count, when_full="block", max_wait=60.0)
    stop = threading.Event()
    published = [0] * 4

    def publish(place: int) -> None:
        while not stop.is_set():
            bus.publish("a.b", place=place)
            published[place] += 1
            time.sleep(0.0005)

    threads = [threading.Thread(target=publish, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    wrong = [one for one in (fork(bus, events) for _ in range(times)) if one is not None]
    stop.set()
    for thread in threads:
        thread.join()
    report = bus.close(60)
    if not report["complete"] or handled[0] != sum(published):
        wrong.append(f"the parent published {sum(published)} events and handled {handled[0]}")
    return wrong


if __name__ == "__main__":
    failures = forks(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    print("\n".join(failures) or "every child was well")
    sys.exit(bool(failures))
