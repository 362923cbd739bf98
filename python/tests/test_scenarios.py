"""Plays the scenarios of `tests/conformance`, which are the same for every language; the README there has the format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from .compare import Differs, Names
from .stage import Stage, is_like

FOLDER = Path(__file__).parents[2] / "tests" / "conformance"
# What else stands in that folder.
OTHERS = {"samples", "comparisons"}


def scenarios() -> Iterator[Any]:
    for file in sorted(FOLDER.glob("*.json")):
        if file.stem not in OTHERS:
            for scenario in json.loads(file.read_text("utf-8"))["scenarios"]:
                yield pytest.param(scenario, id=f"{file.stem}::{scenario['name']}")


@pytest.mark.parametrize("scenario", list(scenarios()))
def test_scenario(scenario: dict[str, Any], tmp_path: Path) -> None:
    Stage(tmp_path).play(scenario)


def test_comparisons_come_out_as_in_every_language() -> None:
    for row in json.loads((FOLDER / "comparisons.json").read_text("utf-8")):
        assert is_like(row["expected"], row["actual"]) == row["same"], row


def test_a_failed_comparison_says_where() -> None:
    with pytest.raises(Differs, match=r"the result\.a\[1\] should be 2, and is 3"):
        Names().compare({"a": [1, 2]}, {"a": [1, 3]})
