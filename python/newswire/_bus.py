"""The bus as Python has it: native inside, with iteration, awaiting and handlers of both sorts."""

from __future__ import annotations

import atexit
import os
import threading
import time

from . import _aio, _native, _options
from ._arguments import all_told, made_by
from ._options import HANDLER, QUEUE, check, shown_as
from ._typing import overload
from .attachment import Attachment, Receipt
from .errors import ArgumentError
from .events import pattern_of
from .handlers import Listener, is_async, subscribe_async
from .pending import Pending
from .subscription import Subscription, place

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Self, TypeVar, Unpack

    from ._drain import Drain
    from ._native import Event, Published
    from ._options import HandlerOptions, QueueOptions
    from .emitter import Emitter, ScopeIds
    from .subscription import Gaps
    from .views import View

    P = TypeVar("P")
    F = TypeVar("F", bound=Callable[..., Any])
    V = TypeVar("V", bound=View[Any])

# How long the interpreter's exit may wait for what is still queued, in seconds.
_EXIT_SECONDS = 2.0


@all_told("publish_batch", "wants", "enrich", "redact", "closing")
class Bus(_native.Bus):
    """Takes events, gives each its `seq`, hands them to subscriptions.

    All names of a publish, all patterns and all options are checked where they are given; errors say what was
    expected. Waiting lets other threads run. On an event loop's thread nothing waits: use the awaitable twin.
    """

    # Replaced under the lock, never changed: whoever closes goes over what is there then.
    _drains: set[Drain]
    _joining: threading.Lock

    if not TYPE_CHECKING:
        # What it takes, `_native.Bus` says.
        __new__ = made_by(_native.Bus)

        def __init__(self, *_, **__):
            self._drains = set()
            self._joining = threading.Lock()

    async def publish_async(self, what: Event | str | Any, /, **payload: Any) -> Published:
        """As `publish`, awaiting room in full `when_full="block"` queues."""
        published: Published = await _aio.wait(self.publishing(what, **payload))
        return published

    @overload  # type: ignore[override]
    def on(
        self, pattern: str, handler: Callable[[Event], Any], *, loop: Any = None, **options: Unpack[HandlerOptions]
    ) -> Listener: ...
    @overload
    def on(
        self,
        pattern: type[P],
        handler: Callable[[Event[P]], Any],
        *,
        loop: Any = None,
        **options: Unpack[HandlerOptions],
    ) -> Listener: ...
    @overload
    def on(self, pattern: str | type, *, loop: Any = None, **options: Unpack[HandlerOptions]) -> Callable[[F], F]: ...
    @shown_as(_options.on)
    def on(
        self,
        pattern: str | type,
        handler: Callable[..., Any] | None = None,
        *,
        loop: Any = None,
        **options: Unpack[HandlerOptions],
    ) -> Any:
        """Calls `handler` with every event that `pattern` (a filter, or a payload class) matches.

        Without `handler` it is a decorator. A `def` handler runs on the core's threads (`inline`: in the
        publishing thread, before its publish returns), an `async def` one on the loop that is running here, on
        `loop=`, or on a private one. docs/python.md has the table of modes.

        Options are those of `subscribe`, and `mode`, `key`, `concurrency`, `timeout`, `once`, `weak`, `on_gap` and
        `set_aside_after`.
        """
        check(options, HANDLER, beside="loop")
        options["start"] = place(options.get("start"))
        if handler is None:
            return lambda function: (self.on(pattern, function, loop=loop, **options), function)[1]
        if not callable(handler):
            raise ArgumentError(f"{handler!r} is no handler", path="handler", expected="a function of one event")
        if not is_async(handler):
            if loop is not None:
                raise ArgumentError(
                    "loop= is for async def handlers", path="options.loop", expected="an async def handler"
                )
            on_gap = options.get("on_gap")
            if on_gap is not None and is_async(on_gap):
                raise ArgumentError(
                    "nobody would await it", path="options.on_gap", expected="a def function, or an async def handler"
                )
            return Listener(super().on(pattern_of(pattern), handler, **options))
        drain = subscribe_async(self, pattern_of(pattern), handler, loop, **options)
        with self._joining:
            self._drains = {one for one in self._drains if not one.done.is_set()} | {drain}
        return Listener(drain)

    @overload
    def subscribe(
        self, pattern: str = "*", *, gaps: Gaps = "warn", **options: Unpack[QueueOptions]
    ) -> Subscription[Any]: ...
    @overload
    def subscribe(
        self, pattern: type[P], *, gaps: Gaps = "warn", **options: Unpack[QueueOptions]
    ) -> Subscription[P]: ...
    @shown_as(_options.subscribe)
    def subscribe(
        self, pattern: str | type = "*", *, gaps: Gaps = "warn", **options: Unpack[QueueOptions]
    ) -> Subscription[Any]:
        """A queue of the events that `pattern` (a filter, or a payload class) matches, to iterate.

        `start`: nothing (the next event), "earliest", "last:20", a time, or the position of another subscription.
        Options are `when_full`, `buffer`, `buffer_bytes`, `max_wait`, `priority`, `start`, `internal`, `coalesce` and
        `name`.
        """
        check(options, QUEUE, beside="gaps")
        options["start"] = place(options.get("start"))
        return Subscription(self.pull(pattern_of(pattern), **options), self, gaps)

    def publish_durable(self, what: Event | str | Any, /, **payload: Any) -> Receipt:  # type: ignore[override]
        """Publishes, and gives a receipt of its being stored; a store has to be attached."""
        return Receipt(super().publish_durable(what, **payload))

    def attach(self, url: str, /) -> Attachment:  # type: ignore[override]
        """Attaches a sink or store: "console:", "file:run.ndjson", "sqlite:events.db" ..."""
        return Attachment(super().attach(url))

    def request(self, event: Event, timeout: float) -> Pending[Event]:  # type: ignore[override]
        """Publishes a question; the first event whose `reply_to` is its id: `await` it or `wait()` for it."""
        return Pending(super().request(event, timeout))

    @overload  # type: ignore[override]
    def wait_for(self, pattern: str, timeout: float) -> Pending[Event[Any]]: ...
    @overload
    def wait_for(self, pattern: type[P], timeout: float) -> Pending[Event[P]]: ...
    def wait_for(self, pattern: str | type, timeout: float) -> Pending[Event[Any]]:
        """The next event that `pattern` matches: `await` it or `wait()` for it."""
        return Pending(super().wait_for(pattern_of(pattern), timeout))

    def emitter(
        self,
        *,
        source: str | tuple[str, str] | None = None,
        correlation: Mapping[str, str] | None = None,
        tags: tuple[str, ...] = (),
        attrs: Mapping[str, Any] | None = None,
        component: str | None = None,
        parent: Any = None,
        **scope: Unpack[ScopeIds],
    ) -> Emitter:
        """A bus plus fixed context, with a method for each core kind: `bus.emitter(session_id="s-1")`."""
        from .emitter import Emitter

        return Emitter(
            self,
            source=source,
            correlation=correlation,
            tags=tags,
            attrs=attrs,
            component=component,
            parent=parent,
            **scope,
        )

    def watch(self, view: V) -> V:  # type: ignore[override]
        """Lets a ready-made view see every event from here on: `meter = bus.watch(UsageMeter())`."""
        from .views import View

        if not isinstance(view, View):
            raise ArgumentError(f"{view!r} is no view", path="view", expected="a view, such as UsageMeter()")
        view.begin(super().watch(view.NAME, options=view.options()))
        return view

    def close(self, timeout: float = 5.0) -> dict[str, Any]:
        """Later publishes are errors; waits up to `timeout` seconds for handlers, sinks and stores.

        The report says for each subscription what became of its events. On an event loop's thread and inside a
        handler it begins the close and doesn't wait: `complete` is then false where anything is left; `aclose` awaits
        it.
        """
        end = time.monotonic() + timeout
        report = self._close(timeout)
        waits = not (_aio.on_loop_thread() or _native.current_event() is not None)
        _discard_paused(self._drains)
        for drain in self._drains:
            left = max(end - time.monotonic(), 0) if waits else 0
            _account(report, drain, drain.wait(left), waits)
        return _summed(report, self._drains)

    async def aclose(self, timeout: float = 5.0) -> dict[str, Any]:
        """As `close`, awaited; inside a handler it doesn't wait either, since the handler is waited for."""
        if _native.current_event() is not None:
            return self.close(timeout)
        pending = self.closing(timeout)
        end = time.monotonic() + timeout
        report: dict[str, Any] = await _aio.wait(pending)
        _discard_paused(self._drains)
        for drain in self._drains:
            left = max(end - time.monotonic(), 0)
            _account(report, drain, await drain.wait_async(left), True)
        return _summed(report, self._drains)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _account(report: dict[str, Any], drain: Drain, finished: bool, at_deadline: bool) -> None:
    """Adds an `async def` handler to what a close reports; at the deadline what is left is discarded."""
    if not finished:
        report["complete"] = False
    if not finished and at_deadline:
        report["abandoned"] += drain.running
        _discard(drain)
    report["subscriptions"].append(drain.native.stats())


def _discard_paused(drains: set[Drain]) -> None:
    """What is paused or set aside isn't waited for: its queue is discarded."""
    for drain in drains:
        if drain.active and drain.native.stats()["paused"]:
            _discard(drain)


def _discard(drain: Drain) -> None:
    before = drain.native.stats()["books"]
    left = before["queued"] + before["waiting"] + before["in_flight"] - drain.running
    drain.close()
    drain.discarded_at_close += left


def _summed(report: dict[str, Any], drains: set[Drain]) -> dict[str, Any]:
    """The report with what this close has discarded, or an earlier one, which says the same."""
    report["discarded"] += sum(drain.discarded_at_close for drain in drains)
    return report


_default: Bus | None = None
_default_lock = threading.Lock()


def bus() -> Bus:
    """The process's default bus, made when first asked for."""
    global _default
    made = _default
    if made is None:
        with _default_lock:
            if _default is None:
                _default = Bus("default")
            made = _default
    return made


def _after_fork() -> None:
    global _default, _default_lock
    _default, _default_lock = None, threading.Lock()
    _native.after_fork()


def _at_exit() -> None:
    import sys

    end = time.monotonic() + _EXIT_SECONDS
    loop_thread = sys.modules.get("newswire._loop_thread")
    try:
        if loop_thread is not None:
            # Before the shutdown: from there on nothing wakes the loop, whose handlers would never hear of the end.
            loop_thread.close_buses(_EXIT_SECONDS)
    finally:
        _native.shutdown(_EXIT_SECONDS)
        if loop_thread is not None:
            loop_thread.stop(max(end - time.monotonic(), 0))


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
