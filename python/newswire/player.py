"""Reading a store, and playing a recording into a bus: its end is awaited, or waited for."""

from __future__ import annotations

from . import _native
from ._arguments import all_told, told
from .pending import Pending
from .subscription import place

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Generator
    from os import PathLike
    from typing import Any

    from ._bus import Bus
    from ._native import Recording


@all_told()
class Player:
    """A recording that is being played; `await` it or `wait()` for its end. Dropping it stops the play."""

    __slots__ = ("_native",)

    def __init__(self, native: _native.Player) -> None:
        self._native = native

    def wait(self, timeout: float | None = None) -> dict[str, Any]:
        """Waits for the end; what it came to. `TimedOutError` after `timeout` seconds, and the play goes on."""
        return self._end().wait(timeout)

    def __await__(self) -> Generator[Any, Any, dict[str, Any]]:
        return self._end().__await__()

    def _end(self) -> Pending[dict[str, Any]]:
        return Pending(self._native.pending())

    def pause(self) -> None:
        """Publishes nothing until `resume` or `step`."""
        self._native.pause()

    def resume(self) -> None:
        """Goes on."""
        self._native.resume()

    def step(self) -> None:
        """Publishes one event of a paused play."""
        self._native.step()

    def stop(self) -> None:
        """Ends the play."""
        self._native.stop()

    def seek(self, place: str) -> None:
        """Goes on at a time, or at an offset such as `90s`."""
        self._native.seek(place)

    def set_speed(self, speed: float | None) -> None:
        """1 is as it was recorded, None as fast as it goes."""
        self._native.set_speed(speed)

    def position(self) -> dict[str, Any]:
        """How far it has come."""
        return self._native.position()


@told
def read_store(
    path: str | PathLike[str], *, filter: str = "", start: Any = "earliest", limit: int | None = None, bus: str = ""
) -> Recording:
    """Reads what a store has: of one bus, or of all by time.

    - `start`: "earliest", "last:20", a time, or a position, as `bus.position()` and `subscription.position` give it.
    - `limit`: how many events at most.
    """
    return _native.read_store(path, filter=filter, start=place(start) or "earliest", limit=limit, bus=bus)


@told
def play(
    bus: Bus,
    source: str | PathLike[str],
    *,
    speed: float | None = 1.0,
    filter: str = "",
    max_pause: float | None = None,
    begin: str = "",
    end: str = "",
    paused: bool = False,
) -> Player:
    """Plays a recording or store into a bus, on a thread of its own.

    - `speed`: 1 is as it was recorded, None as fast as it goes.
    - `filter`: which events.
    - `max_pause`: the longest pause, in seconds.
    - `begin`, `end`: times, or offsets such as `90s`.
    - `paused`: whether it waits for `resume` or `step`.
    """
    return Player(
        _native.play(bus, source, speed=speed, filter=filter, max_pause=max_pause, begin=begin, end=end, paused=paused)
    )
