"""Forks, exits and collections, often; `cargo xtask soak R40 R41 R42` tries more of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def soak(script: str, times: int, *options: str, **environment: str) -> None:
    ended = subprocess.run(
        [sys.executable, *options, str(HERE / script), str(times)],
        cwd=HERE.parents[1],
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1])} | environment,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_no_child_hangs_and_the_parent_loses_nothing() -> None:
    soak("forks.py", 200)


def test_every_way_to_end_is_right() -> None:
    soak("endings.py", 200)


def test_a_collector_that_runs_all_the_time_takes_nothing_that_is_in_use() -> None:
    soak("collecting.py", 30_000, "-X", "dev", PYTHONMALLOC="debug")
