"""A bus that keeps what is published, for a test."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from .._bus import Bus
from .._native import Gap
from ..errors import ClosedError
from ._seen import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .._native import Event

# More than a test publishes; should it be too little, the test is told and doesn't pass by accident.
_BUFFER = 1 << 20
_BUFFER_BYTES = 1 << 30


class RecordedBus(Bus):
    """A bus that keeps all its events.

    - `seen`: what has happened until now, to be asked.
    """

    def __new__(cls, name: str = "test", **options: Any) -> Self:
        return super().__new__(cls, name, **options)

    def __init__(self, name: str = "test", **options: Any) -> None:
        super().__init__()
        self._kept: list[Event] = []
        self._source = self.pull("*", buffer=_BUFFER, buffer_bytes=_BUFFER_BYTES, internal=True, name="recorded")

    @property
    def events(self) -> list[Event]:
        """All that was published until now, in its order."""
        for item in self._rest():
            if isinstance(item, Gap):
                raise AssertionError(f"{item.count} events were lost to the test: {item.reason}")
            self._kept.append(item)
        return list(self._kept)

    def _rest(self) -> Iterator[Event | Gap]:
        try:
            while batch := self._source.try_next_batch(4096):
                yield from batch
        except ClosedError:
            return  # the bus was closed, and all it had was taken

    @property
    def seen(self) -> Seen:
        """What has happened until now."""
        return Seen(self.events)


@contextmanager
def record(name: str = "test", **options: Any) -> Iterator[RecordedBus]:
    """A bus for a test, closed at its end; what it has kept can still be asked."""
    bus = RecordedBus(name, **options)
    try:
        yield bus
    finally:
        _ = bus.events
        bus.close(1.0)
