"""Every example prints what stands in its `expected.txt`, as it does in every other language."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What only adapters need; where it is missing, their examples can't run.
FRAMEWORKS = {"langchain_agent": "langgraph", "openai_agent": "agents"}

EXAMPLES = sorted(file.parent.name for file in (ROOT / "examples").glob("*/main.py"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_prints_what_is_expected(name: str) -> None:
    if name in FRAMEWORKS:
        pytest.importorskip(FRAMEWORKS[name])
    folder = ROOT / "examples" / name
    run = subprocess.run(
        [sys.executable, str(folder / "main.py")],
        env={"PYTHONPATH": str(ROOT / "python"), "PATH": ""},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == (folder / "expected.txt").read_text()


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 12
