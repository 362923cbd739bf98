"""An interpreter that is copied for each script of `endings.py`; a copy ends as any interpreter does, by itself."""

from __future__ import annotations

import asyncio  # noqa: F401  # so that copies needn't load them
import atexit  # noqa: F401
import contextvars  # noqa: F401
import json
import logging  # noqa: F401
import os
import signal
import sys
import tempfile
import threading  # noqa: F401
import time
from typing import IO


def serve() -> str:
    """Copies this process for each line that is read; in a copy, the script to be run there."""
    for line in sys.stdin:
        asked = json.loads(line)
        with tempfile.TemporaryFile() as told:
            child = os.fork()
            if child == 0:
                script: str = asked["script"]
                os.dup2(told.fileno(), 2)
                os.dup2(os.open(os.devnull, os.O_RDWR), 0)
                os.dup2(0, 1)
                return script
            code = wait(child, asked["hangs"])
            print(json.dumps({"code": code, "told": all_of(told)}), flush=True)
    return ""


def wait(child: int, hangs: float) -> int | None:
    """Its exit code; None where it had to be killed."""
    end = time.monotonic() + hangs
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def all_of(told: IO[bytes]) -> str:
    told.seek(0)
    return told.read().decode(errors="replace")


sys.path.insert(0, os.getcwd())
exec(serve(), {"__name__": "__main__"})
