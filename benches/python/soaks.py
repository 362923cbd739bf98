"""What Python's programs must outlive: forks, ends of the interpreter, a collector that runs all the time.

The scripts are those that the package's own tests run for a shorter time; each says what went wrong, line by line.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from report import at_most

SCRIPTS = Path(__file__).parents[2] / "python" / "tests" / "life"


def soak(
    id: str, script: str, few: int, many: int, *options: str, **environment: str
) -> Callable[[bool], None]:
    """A goal whose script finds nothing wrong in so many turns."""

    def measure(short: bool) -> None:
        times = few if short else many
        began = time.monotonic()
        ended = subprocess.run(
            [sys.executable, *options, str(SCRIPTS / script), str(times)],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        told = (ended.stdout + ended.stderr).splitlines()
        wrong = len(told) if ended.returncode else 0
        seconds = time.monotonic() - began
        at_most(
            id, wrong, 0, "faults", "none", turns=times, seconds=seconds, told=told[:5]
        )

    return measure


SOAKS = {
    "R40": soak("R40", "forks.py", 100, 1_000),
    "R41": soak("R41", "endings.py", 30, 1_000),
    "R42": soak(
        "R42",
        "collecting.py",
        100_000,
        10_000_000,
        "-X",
        "dev",
        PYTHONMALLOC="debug",
    ),
}
