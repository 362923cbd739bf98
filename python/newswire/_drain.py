"""How `async def` handlers are served: a task on a loop takes events in batches and calls the handler.

The core queues and counts; here is only when a call begins, and what became of it.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from . import _aio, _ambient, _native
from ._flag import Flag
from ._native import Gap
from .errors import ClosedError

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

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
        mode: str,
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
        self._key = key if mode == "keyed" else None
        self._at_once = concurrency
        # A key that is busy holds at most half of what may wait.
        self._lane_bound = max(buffer // 2, 1)
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
        backend.begin(self._run, loop)

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
            quiet = self._running == 0
        self.native.close()
        return quiet

    async def _run(self) -> None:
        _ambient.enter(None)
        try:
            await self._serve()
        except self._backend.cancelled:
            self._abandon()
            raise
        except Exception:
            # A fault of this file; the loop is the user's and goes on.
            _logger().exception("handler %s is served no longer", self._name)
        finally:
            self.close()
            # What was taken and will never be handled.
            self._settle("discarded", self._in_hand)
            self.done.set()

    async def _serve(self) -> None:
        serve = self._serve_keyed if self._key else self._serve_slots if self._at_once else self._serve_locked
        async with self._backend.group() as group:
            await serve(group)

    async def _serve_locked(self, _: Any) -> None:
        async for event in self._events():
            await self._call(event)

    async def _serve_slots(self, group: Any) -> None:
        slots = self._backend.slots(self._at_once or 1)

        async def one(event: Event) -> None:
            try:
                await self._call(event)
            finally:
                slots.release()

        async for event in self._events():
            await slots.acquire()
            self._backend.start(group, one, event)

    async def _serve_keyed(self, group: Any) -> None:
        lanes: dict[str | None, list[Event]] = {}
        room = self._backend.slots(self._lane_bound)

        async def serve_lane(key: str | None) -> None:
            lane = lanes[key]
            while lane:
                event = lane.pop(0)
                try:
                    await self._call(event)
                finally:
                    room.release()
            del lanes[key]

        async for event in self._events():
            await room.acquire()
            key = event.field(self._key)
            lane = lanes.get(key)
            if lane is None:
                lanes[key] = [event]
                self._backend.start(group, serve_lane, key)
            else:
                lane.append(event)

    async def _events(self) -> Any:
        """Events in order; others have their turn in between."""
        while not self._closed:
            batch = await self._backend.wait(self.native.waiting(_TURN_EVENTS), self._loop_is_gone)
            if not batch:
                return
            self._in_hand += sum(type(item) is not Gap for item in batch)
            turn_ends = time.monotonic() + _TURN_SECONDS
            for item in batch:
                if time.monotonic() >= turn_ends:
                    await self._backend.turn()
                    turn_ends = time.monotonic() + _TURN_SECONDS
                if type(item) is Gap:
                    self._tell(item)
                    continue
                yield item
                if self._once:
                    return
            await self._backend.turn()

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
        finally:
            _native.set_ambient(None)
            self._settle(outcome, 1)
            self._end_call()
        self._count(outcome)

    def _settle(self, outcome: str, count: int) -> None:
        self._in_hand -= count
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

    def _abandon(self) -> None:
        if not self._closed:
            _logger().warning("the event loop of handler %s ends: its subscription is closed", self._name)

    def _loop_is_gone(self) -> None:
        self._abandon()
        self.close()
        self.done.set()


def _logger() -> Any:
    import logging

    return logging.getLogger("newswire")
