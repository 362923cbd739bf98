"""The private loop: where `async def` handlers run that were subscribed outside of any loop.

Its thread is started with the first of them and ended at the interpreter's exit.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from weakref import WeakSet

TYPE_CHECKING = False

if TYPE_CHECKING:
    from ._bus import Bus

_lock = threading.Lock()
_thread: threading.Thread | None = None
_loop: asyncio.AbstractEventLoop | None = None
# Those with handlers on the loop.
_buses: WeakSet[Bus] = WeakSet()


def loop(bus: Bus) -> asyncio.AbstractEventLoop:
    """The loop, running, for a handler of `bus`."""
    global _loop, _thread
    with _lock:
        _buses.add(bus)
        if _loop is None or _loop.is_closed():
            _loop = asyncio.new_event_loop()
            _thread = threading.Thread(target=_run, args=(_loop,), name="newswire-loop", daemon=True)
            _thread.start()
        return _loop


def is_private(other: object) -> bool:
    """Whether it is the loop of this module, rather than one of the program's."""
    return other is _loop


def close_buses(timeout: float) -> None:
    """Closes all buses that have handlers here, side by side; the handlers have what is queued, within `timeout`."""
    end = time.monotonic() + timeout
    with _lock:
        buses = list(_buses)
    # All begin before the first is waited for.
    closings = [bus.closing(timeout) for bus in buses]
    for bus in buses:
        bus.close(max(end - time.monotonic(), 0))
    del closings


def stop(timeout: float) -> None:
    """Waits for what runs on it, up to `timeout` seconds, then cancels it; nothing where it never began."""
    global _loop, _thread
    with _lock:
        stopped, _loop = _loop, None
        thread, _thread = _thread, None
    if stopped is None or thread is None:
        return
    try:
        asyncio.run_coroutine_threadsafe(_finish(stopped, timeout), stopped)
    except RuntimeError:
        return
    thread.join(timeout + 1)


async def _finish(stopped: asyncio.AbstractEventLoop, timeout: float) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=timeout)
    stopped.stop()


def _run(running: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(running)
    try:
        running.run_forever()
    finally:
        tasks = asyncio.all_tasks(running)
        for task in tasks:
            task.cancel()
        running.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        running.close()


def _forget() -> None:
    """In a child process the thread doesn't exist."""
    global _lock, _loop, _thread, _buses
    _lock, _loop, _thread, _buses = threading.Lock(), None, None, WeakSet()


os.register_at_fork(after_in_child=_forget)
