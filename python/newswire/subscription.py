"""A subscription as Python iterates: `for`, `async for`, batches, and word of what was missed."""

from __future__ import annotations

import threading

from . import _aio
from ._arguments import all_told, seconds
from ._native import Gap
from ._typing import Generic
from .errors import ArgumentError, ClosedError, InvalidError, TimedOutError
from .handlers import is_async

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from typing import Any, Literal, Self

    from typing_extensions import TypeVar

    from . import _native
    from ._bus import Bus
    from ._native import Event

    Gaps = Literal["warn", "yield"] | Callable[[Gap], Any]
    P = TypeVar("P", default=Any)
else:
    P = object

# A run of an iteration on a loop that never has to wait lets others in between.
_BATCH = 256


@all_told()
class Subscription(Generic[P]):
    """The events of a filter, in order, from a bounded queue.

        with bus.subscribe("tool.*") as events:
            for event in events.until_quiet(1.0):
                print(event.kind)

        async for event in bus.subscribe("*.failed"):
            ...

    What its owner was too slow for is told by a `Gap` in its place: logged once (`gaps="warn"`), given like an
    event (`gaps="yield"`), or handed to a function. Tasks of one loop may share it; each event goes to one.
    """

    def __init__(self, native: _native.Subscription, bus: Bus, gaps: Gaps = "warn") -> None:
        if not (gaps in ("warn", "yield") or callable(gaps)):
            raise ArgumentError(f"gaps can't be {gaps!r}", path="gaps", expected='"warn", "yield" or a function')
        if callable(gaps) and is_async(gaps):
            raise ArgumentError("nobody would await it", path="gaps", expected="a def function")
        self._native = native
        # A bus that nobody holds has ended, and its subscriptions with it.
        self._bus = bus
        self._gaps = gaps
        self._taken: list[Event[P] | Gap] = []  # in reverse, so that the next is popped at the end
        # One entry for each event that was given and isn't settled yet: several threads may take events.
        self._given: list[None] = []
        self._settling = threading.Lock()

    def __iter__(self) -> Iterator[Event[P]]:
        return self

    def __next__(self) -> Event[P]:
        """The next event; waits as long as it takes. Ends when nothing can come any more."""
        item = self._next(None)
        if item is None:
            raise StopIteration
        return item

    def until_quiet(self, timeout: float) -> Iterator[Event[P]]:
        """The events until none has come for `timeout` seconds, or none can come any more."""
        return self._until_quiet(seconds(timeout))

    def _until_quiet(self, timeout: float) -> Iterator[Event[P]]:
        while True:
            try:
                item = self._next(timeout)
            except TimedOutError:
                return
            if item is None:
                return
            yield item

    def next(self, timeout: float | None = None) -> Event[P]:
        """The next event.

        Raises `TimedOutError` after `timeout` seconds, `ClosedError` when nothing can come any more.
        """
        item = self._next(timeout)
        if item is None:
            raise ClosedError("the subscription has ended")
        return item

    def next_batch(self, max: int = 256, timeout: float | None = None) -> list[Event[P]]:
        """What is queued, at most `max`; waits for the first.

        Empty after `timeout` seconds. Raises `ClosedError` when nothing can come any more.
        """
        _check_batch(max)
        while True:
            if not self._taken:
                if timeout is None or timeout > 0:
                    _aio.refuse_to_wait("await sub.anext_batch()")
                self._settle()
                self._take(self._native.next_batch(max, timeout))
                if not self._taken:
                    return []
            if batch := self._give_batch(max):
                return batch

    async def anext_batch(self, max: int = 256) -> list[Event[P]]:
        """As `next_batch`, awaited; bound it as anything else. A cancelled wait loses nothing."""
        _check_batch(max)
        while True:
            if not self._taken:
                self._settle()
                self._take(await _aio.wait(self._native.waiting(max)))
                if not self._taken:
                    raise ClosedError("the subscription has ended")
            if batch := self._give_batch(max):
                return batch

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event[P]:
        while True:
            item = self._from_taken()
            if item is not None:
                return item
            running = _aio.backend()
            if running is None:
                raise RuntimeError("async for needs asyncio or trio; use for elsewhere")
            await running.turn()
            self._settle()
            # Another task may have filled it meanwhile.
            if not self._taken:
                self._take(await running.wait(self._native.waiting(_BATCH)))
                if not self._taken:
                    raise StopAsyncIteration

    def position(self) -> str:
        """The cursor below which everything has been given: `start=` of a subscription that goes on here."""
        self._settle()
        return self._native.position()

    def pause(self) -> None:
        """Matches and queues, but gives nothing until `resume`."""
        self._native.pause()

    def resume(self) -> None:
        """Gives again."""
        self._native.resume()

    def resize(self, buffer: int, buffer_bytes: int = 16 << 20) -> None:
        """Changes the bounds; what no longer fits is dropped by its policy, with a gap."""
        self._native.resize(buffer, buffer_bytes)

    def stats(self) -> dict[str, Any]:
        """Its books, which balance: what became of every event that matched."""
        self._settle()
        return self._native.stats()

    def close(self) -> None:
        """Ends it; what is queued is discarded and counted."""
        self._settle()
        self._taken.clear()
        self._native.close()

    async def aclose(self) -> None:
        """As `close`, which never waits."""
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def _next(self, timeout: float | None) -> Event[P] | None:
        """The next event, None at the end."""
        while True:
            item = self._from_taken()
            if item is not None:
                return item
            _aio.refuse_to_wait("async for")
            self._settle()
            try:
                batch = self._native.next_batch(_BATCH, timeout)
            except ClosedError:
                return None
            if not batch and timeout is not None:
                raise TimedOutError(f"nothing came for {timeout} s")
            self._take(batch)

    def _take(self, batch: list[Event[P] | Gap]) -> None:
        batch.reverse()
        self._taken[:0] = batch

    def _from_taken(self) -> Event[P] | None:
        while True:
            try:
                taken = self._taken.pop()
            except IndexError:
                return None
            item = self._give(taken)
            if item is not None:
                return item

    def _give(self, item: Event[P] | Gap) -> Event[P] | None:
        """What its owner gets for an item, None where nothing."""
        if type(item) is Gap:
            if self._gaps == "yield":
                return item  # type: ignore[return-value]  # the caller has asked for it
            if callable(self._gaps):
                self._gaps(item)
            else:
                _warn(item, self._native.stats()["name"])
            return None
        self._given.append(None)
        return item

    def _give_batch(self, max: int) -> list[Event[P]]:
        batch: list[Event[P]] = []
        while len(batch) < max and (item := self._from_taken()) is not None:
            batch.append(item)
        return batch

    def _settle(self) -> None:
        """Confirms what has been given: it is no longer in flight."""
        if not self._given:
            return
        with self._settling:
            given = len(self._given)
            del self._given[:given]
        if given:
            self._native.settle("handled", given)


def place(start: Any) -> str | None:
    """Where a subscription begins, in the core's words."""
    if start is None or (isinstance(start, str) and not start.startswith("nw1.")):
        return start
    if isinstance(start, str):
        return f"after:{start}"
    if hasattr(start, "timestamp"):
        if start.tzinfo is None:
            raise ArgumentError("start has no time zone", path="start", expected="datetime.now(UTC)")
        return f"since:{start.isoformat()}"
    raise ArgumentError(
        f"start can't be {start!r}", path="start", expected='"earliest", "last:20", a datetime or a position'
    )


def _check_batch(max: int) -> None:
    if max < 1:
        raise InvalidError(f"{max} items are no batch", path="max", expected="1 or more")


def _warn(gap: Gap, name: str) -> None:
    import logging

    logging.getLogger("newswire").warning(
        "subscription %s missed %d events (seq %d to %d): %s", name, gap.count, gap.first, gap.last, gap.reason
    )
