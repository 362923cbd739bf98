"""Ways for an interpreter to end while subscribers are at work, each a script and the exit code that is right.

`python tests/life/endings.py 1000` tries them that often in all, some at a time, and says what went wrong.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PACKAGE = Path(__file__).parents[2]

# Live in every way: queued, inline, on workers, on a loop thread, with a store-like sink and a waiter.
BEGIN = """
import asyncio, atexit, sys, threading, time
import newswire
bus = newswire.Bus("b", history=100)
events = bus.subscribe("*")
bus.on("a.*", lambda event: event.payload)
bus.on("a.*", lambda event: event.payload, mode="inline")
bus.on("a.*", lambda event: event.payload, mode="concurrent", concurrency=2)
async def handle(event): await asyncio.sleep(0)
bus.on("a.*", handle)
def work(n=20):
    for number in range(n):
        bus.publish("a.b", number=number)
work()
"""

ENDINGS = {
    "the end of the script": ("", 0),
    "sys.exit": ("sys.exit(3)", 3),
    "an exception": ("1 / 0", 1),
    "sys.exit in an inline handler": (
        "bus.on('end.now', lambda event: sys.exit(4), mode='inline')\nbus.publish('end.now')\nsys.exit(9)",
        4,
    ),
    "sys.exit in a worker's handler": (
        "bus.on('end.now', lambda event: sys.exit(4))\nbus.publish('end.now')\ntime.sleep(0.01)\nsys.exit(5)",
        5,
    ),
    "KeyboardInterrupt in an inline handler": (
        "def stop(event): raise KeyboardInterrupt\n"
        "bus.on('end.now', stop, mode='inline')\n"
        "try:\n    bus.publish('end.now')\nexcept KeyboardInterrupt:\n    sys.exit(6)",
        6,
    ),
    "an exception at exit": ("atexit.register(lambda: 1 / 0)", 0),
    "a publish at exit": ("atexit.register(work)", 0),
    "daemon threads that publish": (
        "for _ in range(3):\n    threading.Thread(target=work, args=(10**9,), daemon=True).start()\ntime.sleep(0.02)",
        0,
    ),
    "a daemon thread that waits": (
        "threading.Thread(target=lambda: events.next(60), daemon=True).start()\ntime.sleep(0.02)",
        0,
    ),
    "handlers under way": (
        "bus.on('end.now', lambda event: time.sleep(0.2), mode='concurrent', concurrency=8)\n"
        "for _ in range(8):\n    bus.publish('end.now')\ntime.sleep(0.02)",
        0,
    ),
    "no closing at all": ("import os\nsys.stdout.flush()\nos._exit(8)", 8),
}


def attempt(ending: str) -> str | None:
    """Tries one ending; what went wrong, if anything did."""
    end, right = ENDINGS[ending]
    began = time.monotonic()
    try:
        ended = subprocess.run(
            [sys.executable, "-X", "faulthandler", "-c", BEGIN + end],
            cwd=PACKAGE,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"{ending}: it hung"
    if ended.returncode != right or "Fatal" in ended.stderr or "panicked" in ended.stderr:
        return f"{ending}: {ended.returncode} instead of {right}\n{ended.stderr}"
    took = time.monotonic() - began
    return None if took < 30 else f"{ending}: it took {took:.1f} s"


def attempts(times: int, at_a_time: int = 4) -> list[str]:
    """Tries all endings in turn, so often in all; what went wrong."""
    order = itertools.islice(itertools.cycle(ENDINGS), times)
    with ThreadPoolExecutor(at_a_time) as pool:
        return [wrong for wrong in pool.map(attempt, order) if wrong is not None]


if __name__ == "__main__":
    failures = attempts(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    print("\n".join(failures) or "every ending was right")
    sys.exit(bool(failures))
