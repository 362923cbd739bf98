"""How `async def` handlers are served: a task on a loop takes events in batches and calls the handler.

The core queues and counts; here is only when a call begins, and what became of it.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from contextlib import suppress
from functools import partial
from weakref import ref

from . import _ambient, _native
from ._flag import Flag
from ._native import Gap
from .errors import ClosedError

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from . import _aio
    from ._native import Event

    Handler = Callable[[Event], Awaitable[Any]]

# What one turn of a loop may take: others get theirs in between.
_TURN_EVENTS = 256
_TURN_SECONDS = 0.005


class Drain:
    """One asynchronous handler's subscription and the task that serves it."""

    def __init__(
        self,
        native: _native.Subscription,
        handler: Callable[[], Handler | None],
        *,
        name: str,
        key: str | None,
        concurrency: int | None,
        buffer: int,
        timeout: float | None,
        once: bool,
        on_gap: Callable[[Gap], Any] | None,
        set_aside_after: int | None,
    ) -> None:
        self.native = native
        # All has been served.
        self.done = Flag()
        self._handler = handler
        self._name = name
        self._key = key
        # How many calls may run at a time; of a keyed handler, how many events may wait for busy keys.
        self._bound = max(buffer // 2, 1) if key is not None else concurrency
        self._room: Any = None
        self._lanes: dict[str | None, deque[Event]] = {}
        self._timeout = timeout
        self._once = once
        self._on_gap = on_gap
        self._set_aside_after = set_aside_after
        self._failed_in_a_row = 0
        # How many events were taken and have no outcome yet.
        self._in_hand = 0
        # Between these a call can't begin unseen by who unsubscribes.
        self._lock = threading.Lock()
        self._closed = False
        self._running = 0
        self.quiet = Flag()
        self.quiet.set()
        self._backend: _aio.Backend
        self.loop: Any = None

    def begin(self, backend: _aio.Backend, loop: Any) -> None:
        """Starts the task on `loop`."""
        self._backend = backend
        self.loop = loop
        if self._bound is not None:
            self._room = backend.slots(self._bound)
        backend.begin(partial(_run, ref(self), self.native, backend), loop)

    @property
    def active(self) -> bool:
        return not self._closed

    @property
    def running(self) -> int:
        """How many calls have begun and not returned."""
        return self._running

    def close(self) -> bool:
        """No call begins from here on; whether none is running."""
        with self._lock:
            self._closed = True
            running = self._running
            # What was taken and has not begun never will.
            given_up = self._in_hand - running
            self._in_hand -= given_up
        self._book("discarded", given_up)
        self.native.close()
        return running == 0

    async def serve(self, batch: list[Event | Gap], group: Any) -> bool:
        """Hands over what was taken, letting others have their turns; whether more is wanted."""
        with self._lock:
            self._in_hand += sum(type(item) is not Gap for item in batch)
        if self._closed:
            self.close()
            return False
        turn_ends = time.monotonic() + _TURN_SECONDS
        for item in batch:
            if time.monotonic() >= turn_ends:
                await self._backend.turn()
                turn_ends = time.monotonic() + _TURN_SECONDS
            if isinstance(item, Gap):
                self._tell(item)
                continue
            if self._once:
                # Nothing after the first match is matched.
                self.native.close()
            await self._hand_over(item, group)
            if self._once:
                return False
        return not self._closed

    async def _hand_over(self, event: Event, group: Any) -> None:
        if self._room is None:
            await self._call(event)
            return
        await self._room.acquire()
        if self._key is None:
            self._backend.start(group, self._call_in_slot, event)
            return
        key = event.field(self._key)
        lane = self._lanes.get(key)
        if lane is None:
            self._lanes[key] = deque([event])
            self._backend.start(group, self._serve_lane, key)
        else:
            lane.append(event)

    async def _call_in_slot(self, event: Event) -> None:
        try:
            await self._call(event)
        finally:
            self._room.release()

    async def _serve_lane(self, key: str | None) -> None:
        lane = self._lanes[key]
        while lane:
            await self._call_in_slot(lane.popleft())
        del self._lanes[key]

    async def _call(self, event: Event) -> None:
        with self._lock:
            if self._closed:
                return
            self._running += 1
            self.quiet.clear()
        outcome = "failed"
        try:
            outcome = await self._outcome(event)
        except self._backend.cancelled:
            if self._backend.is_stopping():
                raise
            # Somebody cancelled what the handler awaited, not us.
            self._log(event)
        except Exception:
            self._log(event)
        except (SystemExit, KeyboardInterrupt):
            # On a loop of the program's they end it, as ever; the private one has handlers of others to serve.
            if not _is_private(self.loop):
                raise
            self._log(event)
        finally:
            _native.set_ambient(None)
            self._settle(outcome, 1)
            self._end_call()
        self._count(outcome)

    def _settle(self, outcome: str, count: int) -> None:
        with self._lock:
            self._in_hand -= count
        self._book(outcome, count)

    def _book(self, outcome: str, count: int) -> None:
        if count:
            with suppress(ClosedError):
                self.native.settle(outcome, count)

    def _end_call(self) -> None:
        with self._lock:
            self._running -= 1
            if self._running == 0:
                self.quiet.set()

    async def _outcome(self, event: Event) -> str:
        handler = self._handler()
        if handler is None:
            # Its object is gone.
            self.close()
            return "skipped"
        _native.set_ambient(event)
        if self._timeout is None:
            await handler(event)
            return "handled"
        return "handled" if await self._backend.bounded(self._timeout, handler(event)) else "timed_out"

    def _count(self, outcome: str) -> None:
        self._failed_in_a_row = 0 if outcome in ("handled", "skipped") else self._failed_in_a_row + 1
        if self._set_aside_after is not None and self._failed_in_a_row >= self._set_aside_after:
            self._failed_in_a_row = 0
            self.native.pause()
            _logger().error("handler %s is set aside after %d failures", self._name, self._set_aside_after)

    def _tell(self, gap: Gap) -> None:
        if self._on_gap is None:
            return
        try:
            self._on_gap(gap)
        except Exception:
            _logger().exception("on_gap of handler %s failed", self._name)

    def _log(self, event: Event) -> None:
        _logger().exception("handler %s failed on %s (seq %s)", self._name, event.kind, event.seq)

    def abandon(self) -> None:
        """Its loop ends before it does."""
        if not self._closed:
            _logger().warning("the event loop of handler %s ends: its subscription is closed", self._name)
        self.close()
        self.done.set()


async def _run(drain: ref[Drain], native: _native.Subscription, backend: _aio.Backend) -> None:
    """Serves a drain, holding it only while there is something to serve: a handler, its object and its bus may hold
    one another, and are collected together when nobody else holds them."""
    _ambient.clear()
    try:
        async with backend.group() as group:
            while await _serve(drain, native, backend, group):
                await backend.turn()
    except backend.cancelled:
        if (served := drain()) is not None:
            served.abandon()
        raise
    except Exception:
        # A fault of this file; the loop is the user's and goes on.
        _logger().exception("an async handler is served no longer")
    finally:
        native.close()
        if (served := drain()) is not None:
            served.close()
            served.done.set()


async def _serve(drain: ref[Drain], native: _native.Subscription, backend: _aio.Backend, group: Any) -> bool:
    def abandon() -> None:
        if (left := drain()) is not None:
            left.abandon()

    batch = await backend.wait(native.waiting(_TURN_EVENTS), abandon)
    served = drain()
    return bool(batch) and served is not None and await served.serve(batch, group)


def _is_private(loop: Any) -> bool:
    loop_thread = sys.modules.get("newswire._loop_thread")
    return loop_thread is not None and loop_thread.is_private(loop)


def _logger() -> Any:
    import logging

    return logging.getLogger("newswire")
