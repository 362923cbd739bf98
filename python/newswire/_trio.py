"""trio as a backend."""

from __future__ import annotations

import contextvars

import trio

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from . import _aio


class Trio:
    """The run that is going on."""

    cancelled: type[BaseException] = trio.Cancelled

    async def wait(self, pending: _aio.Waitable, lost: Callable[[], None] | None = None) -> Any:
        run = trio.lowlevel.current_trio_token()
        await trio.lowlevel.checkpoint_if_cancelled()
        while True:
            woken = trio.Event()
            ready, result = pending.poll(_waker(run, woken, lost))
            if ready:
                # Others may run, but what has been taken can't be lost any more.
                await trio.lowlevel.cancel_shielded_checkpoint()
                return result
            await woken.wait()

    async def turn(self) -> None:
        await trio.lowlevel.checkpoint()

    async def bounded(
        self, seconds: float, work: Awaitable[Any], late: Callable[[Exception], Any] | None = None
    ) -> bool:
        deadline = trio.current_time() + seconds
        limit = trio.CancelScope(deadline=deadline)
        try:
            with limit:
                await work
        except Exception as error:
            if not limit.cancel_called and trio.current_time() < deadline:
                raise
            if late is not None:
                late(error)
            return False
        # Not `cancelled_caught`: who ignores the cancellation was late as well.
        return not limit.cancel_called and trio.current_time() < deadline

    def is_stopping(self) -> bool:
        return True

    def is_self_cancelled(self) -> bool:
        # What a task cancels is a scope of its own.
        return False

    async def recover(self) -> None:
        return

    def is_over(self, loop: trio.lowlevel.TrioToken) -> bool:
        try:
            loop.run_sync_soon(_nothing)
        except trio.RunFinishedError:
            return True
        return False

    def group(self) -> Any:
        return trio.open_nursery()

    def start(self, group: trio.Nursery, work: Callable[..., Awaitable[None]], *args: Any) -> None:
        group.start_soon(work, *args)

    def slots(self, count: int) -> trio.Semaphore:
        return trio.Semaphore(count)

    def begin(self, work: Callable[[], Awaitable[None]], loop: trio.lowlevel.TrioToken) -> None:
        context = contextvars.copy_context()

        def spawn() -> None:
            trio.lowlevel.spawn_system_task(work, context=context)

        try:
            here = trio.lowlevel.current_trio_token() is loop
        except RuntimeError:
            here = False
        if here:
            spawn()
        else:
            loop.run_sync_soon(spawn)

    def current(self) -> trio.lowlevel.TrioToken:
        return trio.lowlevel.current_trio_token()


def _nothing() -> None: ...


def _waker(run: trio.lowlevel.TrioToken, woken: trio.Event, lost: Callable[[], None] | None) -> Callable[[], None]:
    def wake() -> None:
        try:
            run.run_sync_soon(woken.set)
        except trio.RunFinishedError:
            # The run is over; whoever waited in it is gone.
            if lost is not None:
                lost()

    return wake
