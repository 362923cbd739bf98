"""What a framework hands over is told whatever it is, as far as an event can hold it."""

from __future__ import annotations

from typing import Any

import pytest

from newswire.adapters import _operations
from newswire.adapters._operations import Operations
from newswire.testing import RecordedBus

TEXT = "word " * 10_000


def family(size: int) -> dict[str, Any]:
    """A parent and its children, each of which holds the parent and all the others."""
    parent: dict[str, Any] = {"name": "parent", "children": []}
    parent["children"] += [{"name": str(child), "parent": parent, "kin": parent["children"]} for child in range(size)]
    return parent


OUTPUTS: dict[str, dict[str, Any]] = {
    "no JSON": {"output": object()},
    "parts that hold one another": {"output": family(30)},
    "too large": {"output": TEXT * 100},
    "no JSON, and too large": {"output": [object(), *[TEXT] * 40]},
    "too large even when it is cut": {"output": [{"content": [{"text": TEXT}] * 50} for _ in range(50)]},
}


@pytest.mark.parametrize("output", OUTPUTS)
def test_an_operation_ends_on_the_bus_whatever_it_gives(output: str, newswire_bus: RecordedBus) -> None:
    operations = Operations(newswire_bus)
    run = operations.begin("key", "run", None, {"name": "weather"}, run_id="r-1")
    operations.end(run, "completed", lambda: OUTPUTS[output])
    ended = newswire_bus.seen.happened("run.completed", name="weather").times(1)[0]
    assert ended.payload.output and ended.payload.duration_ns is not None


def test_a_run_forgets_what_is_forgotten(newswire_bus: RecordedBus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_operations, "MAX_OPEN", 3)
    operations = Operations(newswire_bus)
    root = operations.begin("root", "run", None, run_id="r-1")
    for key in range(10):
        operations.begin(key, "tool.call", root)
    assert len(operations) == 3
    assert root.run.open == {7, 8, 9}
