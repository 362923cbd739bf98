"""How `async def` handlers are served: a task on a loop takes events in batches and calls the handler.

The core queues, counts and sets aside; here is only when a call begins, and what became of it.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from contextlib import suppress
from functools import partial
from weakref import ref

from . import _aio, _ambient, _native
from ._flag import Flag
from ._native import Gap
from .errors import ClosedError

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from ._native import Event
    from ._options import HandlerOptions

    Handler = Callable[[Event], Awaitable[Any]]

# How many events a queue holds where nothing else is said, as the native module has it.
_BUFFER = 1024
# What one turn of a loop may take: others get theirs in between.
_TURN_EVENTS = 256
_TURN_SECONDS = 0.005
# How often a wait looks whether the loop has closed before the handler's task began.
_SLICE_SECONDS = 0.05


class Drain:
    """One asynchronous handler's subscription and the task that serves it."""

    def __init__(
        self,
        native: _native.Subscription,
        handler: Callable[[], Handler | None],
        on_gap: Callable[[Gap], Any] | None,
        options: HandlerOptions,
    ) -> None:
        self.native = native
        # All has been served.
        self.done = Flag()
        # How many events a close of the bus has discarded here.
        self.discarded_at_close = 0
        self._handler = handler
        self._name = options["name"]
        self._key = options.get("key")
        # How many calls may run at a time; of a keyed handler, how many events may wait for busy keys.
        self._bound = options.get("concurrency")
        if self._key is not None:
            self._bound = max(options.get("buffer", _BUFFER) // 2, 1)
        self._room: Any = None
        self._lanes: dict[str | None, deque[Event]] = {}
        self._timeout = options.get("timeout")
        self._on_gap = on_gap
        self._set_aside_after = options.get("set_aside_after")
        # Calls may begin: it is neither paused nor set aside.
        self._awake = Flag()
        self._awake.set()
        # How many events were taken and have no outcome yet.
        self._in_hand = 0
        # Between these a call can't begin unseen by who unsubscribes.
        self._lock = threading.Lock()
        self._closed = False
        self._begun = False
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
        """Whether calls may still begin."""
        self._see_whether_lost()
        return not self._closed

    def wait(self, seconds: float) -> bool:
        """Whether all is served within that time; its bus has closed, so that nothing more will come."""
        end = time.monotonic() + seconds
        while True:
            self._see_whether_lost()
            left = end - time.monotonic()
            if self.done.wait(max(min(left, _SLICE_SECONDS), 0)):
                return True
            if left <= 0:
                return self._is_served()

    async def wait_async(self, seconds: float) -> bool:
        """As `wait`, awaited; on a loop that may be another than the handler's."""
        self._see_whether_lost()
        running = _aio.backend()
        in_time = running is not None and await running.bounded(seconds, running.wait(self.done))
        return in_time or self._is_served()

    def _is_served(self) -> bool:
        # Its task may have had no turn yet in which to see that there is no more.
        books = self.native.stats()["books"]
        return self.done.is_set() or not (books["queued"] or books["waiting"] or books["in_flight"])

    def _see_whether_lost(self) -> None:
        # Of one that has begun its loop tells itself.
        if not (self._begun or self._closed) and self._backend.is_over(self.loop):
            self.abandon()

    def pause(self) -> None:
        """No call begins until `resume`, not even of what was taken already."""
        self.native.pause()
        self._rest()

    def resume(self) -> None:
        """Calls may begin again."""
        self.native.resume()
        self._awake.set()

    def _rest(self) -> None:
        self._awake.clear()
        # Somebody may have resumed it meanwhile.
        if not self.native.stats()["paused"]:
            self._awake.set()

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
        self._awake.set()
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
                await self._tell(item)
                continue
            await self._hand_over(item, group)
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
        if not self._awake.is_set():
            await self._backend.wait(self._awake)
        with self._lock:
            if self._closed:
                return
            self._running += 1
            self.quiet.clear()
        outcome, said = "failed", None
        try:
            outcome = await self._outcome(event)
        except self._backend.cancelled as error:
            if self._backend.is_stopping():
                raise
            # Somebody cancelled what the handler awaited, or it did so itself: not us.
            said = self._log(event, error)
        except Exception as error:
            said = self._log(event, error)
        except (SystemExit, KeyboardInterrupt) as error:
            # On a loop of the program's they end it, as ever; the private one has handlers of others to serve.
            if not _is_private(self.loop):
                raise
            said = self._log(event, error)
        finally:
            _native.set_ambient(None)
            self._settle(outcome, said)
            self._end_call()
        if self._backend.is_self_cancelled():
            await self._backend.recover()

    def _settle(self, outcome: str, said: str | None) -> None:
        with self._lock:
            self._in_hand -= 1
        self._book(outcome, 1, said)
        if self._set_aside_after is None or outcome in ("handled", "discarded"):
            return
        if self._awake.is_set() and self.native.stats()["set_aside"]:
            self._rest()
            _logger().error("handler %s is set aside after %d failures", self._name, self._set_aside_after)

    def _book(self, outcome: str, count: int, said: str | None = None) -> None:
        if count:
            with suppress(ClosedError):
                self.native.settle(outcome, count, said)

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
            return "discarded"
        _native.set_ambient(event)
        if self._timeout is None:
            await handler(event)
            return "handled"
        late = partial(self._log, event)
        return "handled" if await self._backend.bounded(self._timeout, handler(event), late) else "timed_out"

    async def _tell(self, gap: Gap) -> None:
        if self._on_gap is None:
            return
        try:
            told = self._on_gap(gap)
            if hasattr(told, "__await__"):
                await told
        except Exception:
            _logger().exception("on_gap of handler %s failed", self._name)

    def _log(self, event: Event, error: BaseException) -> str:
        """Logs what the handler raised, and says it in a few words."""
        said = "handler %s failed on %s (seq %s)"
        _logger().error(said, self._name, event.kind, event.seq, exc_info=error)
        return f"{type(error).__name__}: {error}".encode(errors="replace").decode()

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
        if (begun := drain()) is not None:
            begun._begun = True
        del begun
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
