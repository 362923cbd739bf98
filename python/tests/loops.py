"""Every event loop that tests run on; within them anyio stands for whichever it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import anyio
import pytest
import trio

Main = Callable[[], Coroutine[Any, Any, None]]

LOOPS: dict[str, Callable[[Main], None]] = {
    "asyncio": lambda main: asyncio.run(main()),
    "trio": lambda main: trio.run(main),
    "anyio on asyncio": lambda main: anyio.run(main, backend="asyncio"),
    "anyio on trio": lambda main: anyio.run(main, backend="trio"),
}

on_every_loop = pytest.mark.parametrize("run", LOOPS.values(), ids=LOOPS)


# Far longer than anything takes, however slow the machine is.
LONG = 60.0


async def until(true: Callable[[], Any]) -> None:
    """Waits for what another task or thread brings about."""
    with anyio.fail_after(LONG):
        while not true():
            await anyio.sleep(0.001)


async def soon(work: Awaitable[Any]) -> Any:
    """What `work` gives, which has to end."""
    with anyio.fail_after(LONG):
        return await work
