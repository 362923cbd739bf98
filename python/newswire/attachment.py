"""What a bus is attached to: a sink or a store, and word of what is durable there."""

from __future__ import annotations

from . import _aio
from ._arguments import all_told
from ._native import Published
from .pending import Pending

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    from . import _native


@all_told()
class Attachment:
    """A sink's or store's place on a bus; dropping it leaves it attached. Closing the bus lets it have everything."""

    __slots__ = ("_native",)

    def __init__(self, native: _native.Attachment) -> None:
        self._native = native

    @property
    def name(self) -> str:
        """What it is called in stats."""
        return self._native.name

    def stats(self) -> dict[str, Any]:
        """Its figures."""
        return self._native.stats()

    def lag(self) -> int:
        """How many events wait for it."""
        return self._native.lag()

    def flush(self, timeout: float = 5.0) -> None:
        """Waits until a store has all that was published on the disk; `TimedOutError` after `timeout` seconds.

        A sink hands on what it holds back; what is still queued for it isn't waited for.
        """
        _aio.refuse_to_wait("await attachment.aflush()")
        self._native.flush(timeout)

    async def aflush(self, timeout: float = 5.0) -> None:
        """As `flush`, awaited."""
        await _aio.wait(self._native.flushing(timeout))

    def detach(self) -> None:
        """Takes it off the bus, and ends it; what is still queued for a sink is discarded.

        Waits up to 5 seconds for what a store has to write, and for a sink's current call. On an event loop's thread
        it doesn't: a store, and whoever finds the sink busy, is told `WouldDeadlockError`; see `adetach`.
        """
        self._native.detach()

    async def adetach(self) -> None:
        """As `detach`, awaited; cancelled, it goes on."""
        await _aio.wait(self._native.detaching())


class Receipt(Pending[Published]):
    """Word of one event that it is durable, or won't be: `await` it, or `wait()` for it, as often as you like.

    It always comes: what became of the event, which is durable then, or the error that kept it from being stored.
    A wait that times out or is cancelled leaves it as it was.
    """

    __slots__ = ("_receipt",)

    def __init__(self, receipt: _native.Receipt) -> None:
        super().__init__(receipt.pending())
        self._receipt = receipt

    def wait(self, timeout: float | None = None) -> Published:
        """Waits here for the word, letting other threads run.

        Raises what kept the event from being stored, `TimedOutError` after `timeout` seconds, and
        `WouldDeadlockError` on an event loop's thread.
        """
        return self._asked().wait(timeout)

    def cancel(self) -> None:
        """Changes nothing: the event is published, and its word comes all the same."""

    def __await__(self) -> Generator[Any, Any, Published]:
        return self._asked().__await__()

    def _asked(self) -> Pending[Published]:
        """The word for one who asks, who takes it: the next gets another."""
        return Pending(self._receipt.pending())

    @property
    def published(self) -> Published:
        """What became of the event."""
        return self._receipt.published

    @property
    def outcome(self) -> bool | None:
        """True where it is durable, None while there is no word; raises what kept it from becoming so."""
        return self._receipt.outcome
