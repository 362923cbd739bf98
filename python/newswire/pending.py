"""Something that will be: awaited on an event loop, waited for anywhere else."""

from __future__ import annotations

from . import _aio
from ._arguments import all_told
from ._typing import Generic

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any, TypeVar

    from . import _native

    T = TypeVar("T")
else:
    T = object


@all_told()
class Pending(Generic[T]):
    """What a call that may take its time gives at once: `await` it, or `wait()` for it.

        answer = await bus.request(question, timeout=5)
        answer = bus.request(question, timeout=5).wait()

    Cancelling the task that awaits it withdraws it.
    """

    __slots__ = ("__weakref__", "_made", "_native")

    def __init__(self, native: _native.Pending, made: Callable[[Any], T] | None = None) -> None:
        self._native = native
        self._made = made

    def wait(self, timeout: float | None = None) -> T:
        """Waits here, letting other threads run.

        Raises what it failed with, `TimedOutError` after `timeout` seconds, and `WouldDeadlockError` on an
        event loop's thread or inside a handler.
        """
        _aio.refuse_to_wait("await")
        return self._give(self._native.wait(timeout))

    def cancel(self) -> None:
        """Withdraws it; nobody may want it any more."""
        self._native.cancel()

    def __await__(self) -> Generator[Any, Any, T]:
        return self._give((yield from _aio.wait(self._native).__await__()))

    def _give(self, result: Any) -> T:
        made: T = result if self._made is None else self._made(result)
        return made
