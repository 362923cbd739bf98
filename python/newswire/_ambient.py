"""What the running code is a part of: the innermost open operation of its context.

An operation is never taken out by token: a generator that is closed elsewhere, or never, neither fails nor leaves
anything behind, since whoever looks passes over what has ended.
"""

from __future__ import annotations

from contextvars import ContextVar

from . import _native

TYPE_CHECKING = False

if TYPE_CHECKING:
    from .emitter import Emitter


class Frame:
    """An operation that was entered, and what it was entered in."""

    __slots__ = ("emitter", "is_open", "outer")

    def __init__(self, emitter: Emitter) -> None:
        self.emitter = emitter
        self.is_open = True
        self.outer = _open(_current.get())

    def leave(self) -> None:
        """Ends it; restores what it was entered in, if it is still the innermost here."""
        self.is_open = False
        if _current.get() is self:
            _current.set(_open(self.outer))


_current: ContextVar[Frame | None] = ContextVar("newswire.operation", default=None)


def enter(emitter: Emitter) -> Frame:
    """What happens from here on is a part of what `emitter` is about."""
    frame = Frame(emitter)
    _current.set(frame)
    return frame


def clear() -> None:
    """What happens in this context from here on is a part of nothing, and nothing is held by it."""
    _current.set(None)
    if _native.current_event() is not None:
        _native.set_ambient(None)


def emitter() -> Emitter | None:
    """What emits within the innermost open operation."""
    frame = _open(_current.get())
    return None if frame is None else frame.emitter


def _open(frame: Frame | None) -> Frame | None:
    while frame is not None and not frame.is_open:
        frame = frame.outer
    return frame
