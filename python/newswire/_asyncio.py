"""asyncio as a backend."""

from __future__ import annotations

import asyncio

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from . import _aio

# The loop itself keeps only weak references to its tasks.
_begun: set[asyncio.Task[None]] = set()


class Asyncio:
    """The loop that is running."""

    cancelled: type[BaseException] = asyncio.CancelledError

    async def wait(self, pending: _aio.Waitable, lost: Callable[[], None] | None = None) -> Any:
        loop = asyncio.get_running_loop()
        while True:
            woken = loop.create_future()
            # Only polling takes the result, and nothing is awaited behind it: a cancelled wait loses nothing.
            ready, result = pending.poll(_waker(loop, woken, lost))
            if ready:
                return result
            await woken

    async def turn(self) -> None:
        await asyncio.sleep(0)

    async def bounded(self, seconds: float, work: Awaitable[Any]) -> bool:
        try:
            async with asyncio.timeout(seconds) as limit:
                await work
        except TimeoutError:
            if limit.expired():
                return False
            raise
        # Who ignores the cancellation was late as well.
        return not limit.expired()

    def is_stopping(self) -> bool:
        task = asyncio.current_task()
        return task is None or task.cancelling() > 0

    def group(self) -> asyncio.TaskGroup:
        return asyncio.TaskGroup()

    def start(self, group: asyncio.TaskGroup, work: Callable[..., Any], *args: Any) -> None:
        group.create_task(work(*args))

    def slots(self, count: int) -> asyncio.Semaphore:
        return asyncio.Semaphore(count)

    def begin(self, work: Callable[[], Any], loop: asyncio.AbstractEventLoop) -> None:
        def create() -> None:
            task = loop.create_task(work())
            _begun.add(task)
            task.add_done_callback(_begun.discard)

        if asyncio._get_running_loop() is loop:
            create()
        else:
            loop.call_soon_threadsafe(create)

    def current(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()


def _waker(
    loop: asyncio.AbstractEventLoop, woken: asyncio.Future[None], lost: Callable[[], None] | None
) -> Callable[[], None]:
    def wake() -> None:
        try:
            loop.call_soon_threadsafe(_resolve, woken)
        except RuntimeError:
            # The loop has closed; whoever waited on it is gone.
            if lost is not None:
                lost()

    return wake


def _resolve(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)
