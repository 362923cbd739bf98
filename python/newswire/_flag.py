"""Word that something has come to pass, for threads and for tasks of any loop alike."""

from __future__ import annotations

import threading

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable


class Flag:
    """True or not yet; waited for by threads with `wait`, by tasks as a `_native.Pending` is."""

    __slots__ = ("_event", "_lock", "_wakers")

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._wakers: list[Callable[[], None]] = []

    def set(self) -> None:
        """Makes it true and wakes whoever waits."""
        with self._lock:
            self._event.set()
            wakers, self._wakers = self._wakers, []
        for wake in wakers:
            wake()

    def clear(self) -> None:
        """Makes it untrue again."""
        self._event.clear()

    def is_set(self) -> bool:
        """Whether it is true now."""
        return self._event.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits here; whether it came true in time."""
        return self._event.wait(timeout)

    def poll(self, wake: Callable[[], None] | None) -> tuple[bool, bool]:
        """As `_native.Pending`."""
        with self._lock:
            if self._event.is_set():
                return True, True
            if wake is not None:
                self._wakers.append(wake)
            return False, False

    def cancel(self) -> None:
        """As `_native.Pending`; being woken for nothing harms nobody."""
