"""The README's Python does what it says, as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def blocks(file: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", file.read_text(), re.DOTALL | re.MULTILINE)


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "python", capture_output=True, text=True, timeout=300, check=False
    )


def test_the_first_minute_shows_a_run() -> None:
    shown = run("".join(blocks(ROOT / "README.md")))
    assert shown.returncode == 0, shown.stderr
    lines = [line.split(maxsplit=1)[1].strip() for line in shown.stdout.splitlines()]
    assert [line.split()[:3] for line in lines] == [
        ["…", "run", "weather"],
        ["…", "tool.call", "forecast"],
        ["✓", "tool.call", "forecast"],
        ["✓", "run", "weather"],
    ]


def test_the_guide_begins_with_what_works() -> None:
    shown = run(blocks(ROOT / "docs/python.md")[0])
    assert shown.returncode == 0, shown.stderr
    assert "forecast" in shown.stdout
