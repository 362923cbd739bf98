"""Ways for an interpreter to end while subscribers are at work, each a script and the exit code that is right.

`python tests/life/endings.py 1000` tries them that often in all, some at a time, and says what went wrong.
"""

from __future__ import annotations

import itertools
import json
import os
import queue
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
        "threading.Thread(target=lambda: events.next(600), daemon=True).start()\ntime.sleep(0.02)",
        0,
    ),
    "handlers under way": (
        "bus.on('end.now', lambda event: time.sleep(0.2), mode='concurrent', concurrency=8)\n"
        "for _ in range(8):\n    bus.publish('end.now')\ntime.sleep(0.02)",
        0,
    ),
    "no closing at all": ("import os\nsys.stdout.flush()\nos._exit(8)", 8),
}


# How long an ending may take before it hangs, in seconds.
_HANGS = 120.0
# So many rounds of all endings begin as people begin programs; those after them leave a copy of an interpreter that has
# loaded the standard library, and nothing of ours, which saves three quarters of the time.
_FRESH_ROUNDS = 2


def attempt(ending: str, host: Host | None = None) -> str | None:
    """Tries one ending; what went wrong, if anything did."""
    end, right = ENDINGS[ending]
    began = time.monotonic()
    code, told = run_fresh(BEGIN + end) if host is None else host.run(BEGIN + end)
    if code is None:
        return f"{ending}: it hung\n{told}"
    if code != right or "Fatal" in told or "panicked" in told:
        return f"{ending}: {code} instead of {right}\n{told}"
    took = time.monotonic() - began
    return None if took < _HANGS / 2 else f"{ending}: it took {took:.1f} s"


def run_fresh(script: str) -> tuple[int | None, str]:
    """The exit code of an interpreter of its own, None where it hangs, and what it says."""
    command = [sys.executable, "-X", "faulthandler", "-c", script]
    try:
        ended = subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, timeout=_HANGS, check=False)
    except subprocess.TimeoutExpired as hung:
        return None, str(hung.stderr)
    return ended.returncode, ended.stderr


class Host:
    """An interpreter that is copied for each script."""

    def __init__(self) -> None:
        command = [sys.executable, "-X", "faulthandler", str(Path(__file__).with_name("host.py"))]
        self._process = subprocess.Popen(command, cwd=PACKAGE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, script: str) -> tuple[int | None, str]:
        """As `run_fresh`, of a copy."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"script": script, "hangs": _HANGS}) + "\n")
        self._process.stdin.flush()
        ended = json.loads(self._process.stdout.readline())
        return ended["code"], ended["told"]

    def close(self) -> None:
        """Ends it."""
        self._process.communicate(timeout=_HANGS)


def attempts(times: int, at_a_time: int = 4) -> list[str]:
    """Tries all endings in turn, so often in all; what went wrong."""
    order = list(itertools.islice(itertools.cycle(ENDINGS), times))
    fresh = len(ENDINGS) * _FRESH_ROUNDS if hasattr(os, "fork") else times
    hosts: queue.SimpleQueue[Host] = queue.SimpleQueue()
    made = [Host() for _ in range(at_a_time if times > fresh else 0)]
    for host in made:
        hosts.put(host)

    def attempt_copied(ending: str) -> str | None:
        host = hosts.get()
        try:
            return attempt(ending, host)
        finally:
            hosts.put(host)

    with ThreadPoolExecutor(at_a_time) as pool:
        tried = [*pool.map(attempt, order[:fresh]), *pool.map(attempt_copied, order[fresh:])]
    for host in made:
        host.close()
    return [wrong for wrong in tried if wrong is not None]


if __name__ == "__main__":
    failures = attempts(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    print("\n".join(failures) or "every ending was right")
    sys.exit(bool(failures))
