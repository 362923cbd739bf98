"""asyncio and trio behind one small interface: how to wait, to let others run, to bound and to begin something.

Neither is imported here: a program that runs inside one has imported it already. anyio is one of the two.
"""

from __future__ import annotations

import sys

from .errors import WouldDeadlockError

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any, Protocol

    class Waitable(Protocol):
        """`_native.Pending`, and what behaves like one."""

        def poll(self, wake: Callable[[], None] | None) -> tuple[bool, Any]: ...
        def cancel(self) -> None: ...

    class Backend(Protocol):
        """What asyncio and trio both can."""

        @property
        def cancelled(self) -> type[BaseException]:
            """What a cancelled wait raises."""

        async def wait(self, pending: Waitable, lost: Callable[[], None] | None = None) -> Any:
            """The result of `pending`. Cancelled while it waits, it has taken nothing.

            `lost` is called, on any thread, if the loop has closed when the result is there.
            """

        async def turn(self) -> None:
            """Lets others run; may be cancelled."""

        async def bounded(
            self, seconds: float, work: Awaitable[Any], late: Callable[[Exception], Any] | None = None
        ) -> bool:
            """Whether `work` ended in time; else it has been cancelled and has returned.

            What it raises in time is raised; what it raises too late, `late` is told.
            """

        def is_stopping(self) -> bool:
            """Whether the running task is being cancelled by others, rather than by itself or what it awaits."""

        def is_self_cancelled(self) -> bool:
            """Whether the running task has cancelled itself, and is to go on: `recover` from it."""

        async def recover(self) -> None:
            """Takes back that the running task has cancelled itself."""

        def is_over(self, loop: Any) -> bool:
            """Whether nothing will ever run on `loop` again."""

        def group(self) -> Any:
            """Tasks that are awaited when its block ends: an async context manager."""

        def start(self, group: Any, work: Callable[..., Awaitable[None]], *args: Any) -> None:
            """Begins a task of the group."""

        def slots(self, count: int) -> Any:
            """A semaphore: `await acquire()`, `release()`."""

        def begin(self, work: Callable[[], Awaitable[None]], loop: Any) -> None:
            """Begins a task that nobody awaits, on `loop`, which may be another thread's."""

        def current(self) -> Any:
            """The loop that runs here."""


def library() -> str | None:
    """Which of the two runs the calling code: `asyncio`, `trio` or none."""
    sniffio = sys.modules.get("sniffio")
    if sniffio is not None and getattr(sniffio.thread_local, "name", None) == "trio":
        return "trio"
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None and asyncio._get_running_loop() is not None:
        return "asyncio"
    return None


def on_loop_thread() -> bool:
    """Whether the calling thread is running an event loop, so that nothing may wait here."""
    return library() is not None


def refuse_to_wait(instead: str) -> None:
    """Raises `WouldDeadlockError` on a thread that runs an event loop."""
    if on_loop_thread():
        raise WouldDeadlockError("waiting here would stop the event loop", expected=instead)


def backend() -> Backend | None:
    """What runs the calling code; None outside of event loops."""
    name = library()
    return None if name is None else backend_of(name)


def backend_of(name: str) -> Backend:
    """The backend of that name."""
    if name == "trio":
        from ._trio import Trio

        return Trio()
    from ._asyncio import Asyncio

    return Asyncio()


async def wait(pending: Waitable) -> Any:
    """The result of `pending`, wherever this runs; a cancelled wait withdraws it."""
    running = backend()
    if running is None:
        raise RuntimeError("await needs asyncio or trio; use wait() elsewhere")
    try:
        return await running.wait(pending)
    except BaseException:
        pending.cancel()
        raise
