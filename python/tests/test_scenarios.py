"""Plays the scenarios of `tests/conformance`, the same for every language; the README there has their format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .compare import Differs, Names
from .stage import HeardOnLoop, Stage, is_like

FOLDER = Path(__file__).parents[2] / "tests" / "conformance"
# What else stands in that folder.
OTHERS = {"samples", "comparisons"}


Scenario = dict[str, Any]


def scenarios(
    are_meant: Callable[[Scenario], bool] = lambda _: True,
) -> list[Any]:
    chapters = {file.stem: json.loads(file.read_text("utf-8")) for file in sorted(FOLDER.glob("*.json"))}
    return [
        pytest.param(scenario, id=f"{chapter}::{scenario['name']}")
        for chapter, content in chapters.items()
        if chapter not in OTHERS
        for scenario in content["scenarios"]
        if are_meant(scenario)
    ]


# Where an `async def` handler shows another side of the same rule.
DIFFERS_ON_A_LOOP = {
    # A loop is handed a batch: all of it is in flight until each call has ended.
    "a locked handler is called once at a time and in order",
    "a keyed handler is called once at a time for each key and keys do not wait for each other",
    "a concurrent handler has so many calls at a time and no more",
    "a call past its time has timed out and the next one waits for it",
    "every event that matched is in one place of the books",
    # What is in the loop's hands it discards itself, and the report doesn't wait for that at its deadline.
    "at the deadline what is queued is discarded and what runs is abandoned",
    # The steps are done on a thread beside the loop, which may wait.
    "a publisher never waits for a consumer on its own call stack",
    "inside a handler nobody waits",
    "inside a handler a close begins and does not wait",
}


def has_handlers_off_thread(scenario: Scenario) -> bool:
    return scenario["name"] not in DIFFERS_ON_A_LOOP and any(
        step["do"] == "handle" and step.get("mode") != "inline" for step in scenario["steps"]
    )


@pytest.mark.parametrize("scenario", scenarios())
def test_scenario(scenario: Scenario, tmp_path: Path) -> None:
    Stage(tmp_path).play(scenario)


@pytest.mark.parametrize("scenario", scenarios(has_handlers_off_thread))
def test_scenario_with_async_handlers(scenario: Scenario, tmp_path: Path) -> None:
    Stage(tmp_path, HeardOnLoop).play(scenario)


def test_comparisons_come_out_as_in_every_language() -> None:
    for row in json.loads((FOLDER / "comparisons.json").read_text("utf-8")):
        assert is_like(row["expected"], row["actual"]) == row["same"], row


def test_a_failed_comparison_says_where() -> None:
    with pytest.raises(Differs, match=r"the result\.a\[1\] should be 2, and is 3"):
        Names().compare({"a": [1, 2]}, {"a": [1, 3]})
