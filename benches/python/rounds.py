"""Interleaved rounds: contestants take turns, so that whatever else the machine does hits them all alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable

Run = Callable[[int], float]
"""Does its work so many times; gives the CPU time that took, in seconds."""


def timed(statement: str, **names: object) -> Run:
    """Repeats one statement, with these names in scope."""
    source = (
        "def run(times):\n"
        "    began = clock()\n"
        "    for _ in range(times):\n"
        f"        {statement}\n"
        "    return clock() - began\n"
    )
    scope = {"clock": time.thread_time, **names}
    exec(compile(source, "<bench>", "exec"), scope)
    run: Run = scope["run"]  # type: ignore[assignment]
    return run


def each(contestants: dict[str, tuple[Run, int]], rounds: int) -> dict[str, float]:
    """Nanoseconds a time, the median of the rounds, by name; the loop itself is taken off."""
    runs = {"nothing": (timed("pass"), 100_000)} | contestants
    found: dict[str, list[float]] = {name: [] for name in runs}
    for run, times in runs.values():
        run(max(1, times // 10))
    gc.collect()
    gc.disable()
    for _ in range(rounds):
        for name, (run, times) in runs.items():
            found[name].append(run(times) / times * 1e9)
    gc.enable()
    medians = {name: statistics.median(values) for name, values in found.items()}
    nothing = medians.pop("nothing")
    return {name: max(median - nothing, 0.1) for name, median in medians.items()}
