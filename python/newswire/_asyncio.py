"""asyncio as a backend."""

from __future__ import annotations

import asyncio

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any, Self

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

    async def bounded(
        self, seconds: float, work: Awaitable[Any], late: Callable[[Exception], Any] | None = None
    ) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        limit = asyncio.timeout_at(deadline)
        try:
            async with limit:
                await work
        except Exception as error:
            # The loop may have had no time yet to say that the deadline has passed.
            if not limit.expired() and loop.time() < deadline:
                raise
            if late is not None and not isinstance(error, TimeoutError):
                late(error)
            return False
        # Who ignores the cancellation was late as well.
        return not limit.expired() and loop.time() < deadline

    def is_stopping(self) -> bool:
        task = asyncio.current_task()
        return task is None or task.cancelling() > getattr(task, "own_cancels", 0)

    def is_self_cancelled(self) -> bool:
        return getattr(asyncio.current_task(), "own_cancels", 0) > 0

    async def recover(self) -> None:
        task = asyncio.current_task()
        if not isinstance(task, _Serving):
            return
        own, task.own_cancels = task.own_cancels, 0
        for _ in range(own):
            task.uncancel()
        try:
            # It may be about to be told; later versions of asyncio take that back as well.
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            if task.cancelling():
                raise

    def is_over(self, loop: asyncio.AbstractEventLoop) -> bool:
        return loop.is_closed()

    def group(self) -> _Group:
        return _Group()

    def start(self, group: _Group, work: Callable[..., Any], *args: Any) -> None:
        group.start(work(*args))

    def slots(self, count: int) -> asyncio.Semaphore:
        return asyncio.Semaphore(count)

    def begin(self, work: Callable[[], Any], loop: asyncio.AbstractEventLoop) -> None:
        def create() -> None:
            task = _Serving(work(), loop=loop)
            _begun.add(task)
            task.add_done_callback(_begun.discard)

        if asyncio._get_running_loop() is loop:
            create()
        else:
            loop.call_soon_threadsafe(create)

    def current(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()


class _Serving(asyncio.Task[None]):
    """A task that calls handlers, and knows when one of them has cancelled it from inside."""

    own_cancels = 0

    def cancel(self, msg: Any | None = None) -> bool:
        if asyncio.current_task(self.get_loop()) is self:
            self.own_cancels += 1
        return super().cancel(msg)


class _Group:
    """Tasks that are awaited when the block ends, or cancelled where that is cancelled.

    Other than a `TaskGroup` it raises no group of exceptions, not even where its coroutine is collected.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = _Serving(work, loop=asyncio.get_running_loop())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is GeneratorExit:
            # Nobody runs this any more.
            return
        stopped: BaseException | None = None
        if kind is not None:
            self._cancel()
        while self._tasks:
            try:
                await asyncio.wait(self._tasks)
            except asyncio.CancelledError as error:
                stopped = error
                self._cancel()
        if stopped is not None:
            raise stopped

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()


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
