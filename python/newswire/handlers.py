"""Handlers: `bus.on(...)` as function and decorator, for `def` on the core's threads and `async def` on a loop."""

from __future__ import annotations

import sys

from . import _aio, _native
from ._arguments import all_told
from ._drain import Drain
from .errors import ArgumentError

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Self, Unpack

    from ._bus import Bus
    from ._options import HandlerOptions


_CO_COROUTINE = 0x80


@all_told()
class Listener:
    """A handler's subscription; kept by the bus, so that dropping this changes nothing.

    As a context manager it unsubscribes at the end of its block.
    """

    __slots__ = ("__weakref__", "_drain", "_native", "_served")

    def __init__(self, served: _native.Listener | Drain) -> None:
        self._served = served
        self._drain = served if isinstance(served, Drain) else None
        self._native: Any = served.native if isinstance(served, Drain) else served

    @property
    def active(self) -> bool:
        """Whether calls may still begin."""
        return self._served.active

    def unsubscribe(self, timeout: float = 5.0) -> str:
        """No call begins any more; what is queued is discarded and counted.

        Waits up to `timeout` seconds for calls that have begun, and says `quiet` or `still_running`. On an event
        loop's thread, and inside a handler, it doesn't wait.
        """
        if self._drain is None:
            said: str = self._native.unsubscribe(0.0 if _aio.on_loop_thread() else timeout)
            return said
        quiet = self._drain.close()
        waits = not (_aio.on_loop_thread() or _native.current_event() is not None)
        return _word(quiet or (waits and self._drain.quiet.wait(timeout)))

    async def aunsubscribe(self, timeout: float = 5.0) -> str:
        """As `unsubscribe`, awaiting the calls that have begun; not inside a handler, which could be one of them."""
        running = _aio.backend()
        if self._drain is None or running is None:
            said: str = await _aio.wait(self._native.unsubscribing(timeout))
            return said
        quiet = self._drain.close()
        if _native.current_event() is not None:
            return _word(quiet)
        in_time = quiet or await running.bounded(timeout, running.wait(self._drain.quiet))
        # A loop that was held up finds out late what came to pass in time.
        return _word(in_time or self._drain.quiet.is_set())

    def pause(self) -> None:
        """Matches and queues, but calls nothing until `resume`."""
        self._served.pause()

    def resume(self) -> None:
        """Calls again; also what was set aside after failures."""
        self._served.resume()

    def resize(self, buffer: int, buffer_bytes: int = 16 << 20) -> None:
        """Changes the bounds; what no longer fits is dropped by its policy, with a gap."""
        self._native.resize(buffer, buffer_bytes)

    def stats(self) -> dict[str, Any]:
        """Its books, which balance: what became of every event that matched."""
        stats: dict[str, Any] = self._native.stats()
        return stats

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unsubscribe()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aunsubscribe()


def is_async(handler: Callable[..., Any]) -> bool:
    """Whether calling it gives something to await."""
    functools = sys.modules.get("functools")
    # By its class: other callables have a `func` as well, and a mock has one without end.
    while functools is not None and isinstance(handler, functools.partial):
        handler = handler.func
    function = getattr(handler, "__func__", handler)
    code = getattr(function, "__code__", None)
    if code is None:
        code = getattr(type(handler).__call__, "__code__", None)
    return code is not None and bool(code.co_flags & _CO_COROUTINE)


def subscribe_async(
    bus: Bus, pattern: str, handler: Callable[..., Any], loop: Any, **options: Unpack[HandlerOptions]
) -> Drain:
    """Subscribes an `async def` handler and begins to serve it."""
    backend, runs_on = _home(bus, loop)
    held = _weakly(handler) if options.pop("weak", False) else (lambda: handler)
    on_gap = options.pop("on_gap", None)
    options["name"] = options.get("name") or _name(handler)
    native: _native.Subscription = _native.Bus.on(bus, pattern, None, **options)
    drain = Drain(native, held, on_gap, options)
    try:
        drain.begin(backend, runs_on)
    except RuntimeError:
        native.close()
        raise ArgumentError("it is closed", path="options.loop", expected="a running loop") from None
    return drain


def _home(bus: Bus, loop: Any) -> tuple[_aio.Backend, Any]:
    """Where the handler runs: on `loop`, else on the one that is running here, else on the private one."""
    if loop is not None:
        name = "asyncio" if hasattr(loop, "call_soon_threadsafe") else "trio"
        if name == "trio" and not hasattr(loop, "run_sync_soon"):
            expected = "an asyncio loop or a trio token"
            raise ArgumentError(f"it can't be {loop!r}", path="options.loop", expected=expected)
        return _aio.backend_of(name), loop
    running = _aio.backend()
    if running is not None:
        return running, running.current()
    from . import _loop_thread

    return _aio.backend_of("asyncio"), _loop_thread.loop(bus)


def _weakly(handler: Callable[..., Any]) -> Callable[[], Any]:
    if not hasattr(handler, "__self__"):
        message = "nothing else would keep this handler alive"
        raise ArgumentError(message, path="options.weak", expected="a bound method")
    from weakref import WeakMethod

    return WeakMethod(handler)


def _name(handler: Callable[..., Any]) -> str:
    return getattr(handler, "__qualname__", type(handler).__qualname__)[:100]


def _word(quiet: bool) -> str:
    return "quiet" if quiet else "still_running"
