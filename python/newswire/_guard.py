"""Operations that have begun: a guard emits how each goes on and how it ends, all under one span.

`with` (and `async with`) ends it: completed, failed with the exception, or canceled. Without, its methods do. One
that is neither entered nor ended stays open: whoever looks sees so.
"""

from __future__ import annotations

import sys
import time

from . import _ambient, _native

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any, ClassVar, Self

    from .emitter import Emitter
    from .payloads import Failure

# An exception's text may be long; an event is bounded.
_MAX_ERROR = 8192


class Guard:
    """An operation under way.

    - `emitter`: an emitter for what happens within.
    """

    __slots__ = ("_about", "_began", "_frame", "_identity", "_within")
    _ABOUT: ClassVar[str]

    def __init__(self, emitter: Emitter, identity: dict[str, Any], started: dict[str, Any]) -> None:
        self._identity = {name: value for name, value in identity.items() if value is not None}
        self._about = emitter._about(_native.new_span(), is_run=self._ABOUT == "run")
        self._within: Emitter | None = None
        self._frame: _ambient.Frame | None = None
        self._began: int | None = time.monotonic_ns()
        self._emit("started", started)

    @property
    def emitter(self) -> Emitter:
        """An emitter for what happens within the operation."""
        if self._within is None:
            self._within = self._about.within(self.span)
        return self._within

    @property
    def span(self) -> str:
        """The operation's identity: all its events have it."""
        return self._about._correlation["span"]

    @property
    def trace(self) -> str:
        """The trace that it is a part of."""
        return self._about._correlation["trace"]

    @property
    def is_open(self) -> bool:
        """Whether it hasn't ended yet."""
        return self._began is not None

    def progress(
        self,
        message: str | None = None,
        *,
        current: int | None = None,
        total: int | None = None,
        data: Any = None,
    ) -> None:
        """Tells how far it has come; nothing once it has ended."""
        if self._began is not None:
            self._emit("progress", {"message": message, "current": current, "total": total, "data": data})

    def cancel(self, reason: str | None = None) -> None:
        """Ends it because it was refused, skipped or stopped."""
        self._end("canceled", {"reason": reason})

    def _complete_plainly(self) -> None:
        self._end("completed", {})

    def _fail(self, error: str | BaseException | Failure, fields: dict[str, Any]) -> None:
        self._end("failed", {"error": failure(error), **fields})

    def _end(self, phase: str, fields: dict[str, Any]) -> None:
        """Its last event, once: whoever comes later ends nothing."""
        began, self._began = self._began, None
        if began is not None:
            fields["duration_ns"] = time.monotonic_ns() - began
            self._emit(phase, fields)

    def _emit(self, phase: str, fields: dict[str, Any]) -> None:
        kind = f"{self._ABOUT}.{phase}"
        about = self._about
        if not about.wants(kind):
            return
        payload = {**self._identity, **{name: value for name, value in fields.items() if value is not None}}
        about.emit(kind, payload)

    def __enter__(self) -> Self:
        self._frame = _ambient.enter(self.emitter)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if self._frame is not None:
            self._frame.leave()
        if self._began is None:
            return
        if error is None:
            self._complete_plainly()
        elif _is_cancellation(error):
            self.cancel(type(error).__name__)
        else:
            self._fail(error, {})

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self.__exit__(kind, error, trace)


def failure(error: str | BaseException | Failure) -> dict[str, Any]:
    """What an event says of an error."""
    if isinstance(error, str):
        return {"message": error}
    if not isinstance(error, BaseException):
        return error.to_dict()
    try:
        message = str(error)
    except Exception:
        message = "(its text can't be had)"
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    message = (message or name)[:_MAX_ERROR].encode(errors="replace").decode()
    return {"message": message, "type": name}


def _is_cancellation(error: BaseException) -> bool:
    """Whether somebody stopped it, rather than that it erred."""
    if isinstance(error, (KeyboardInterrupt, GeneratorExit)):
        return True
    if isinstance(error, SystemExit):
        return True
    return any(
        isinstance(error, library.__dict__[name])
        for module, name in (("asyncio", "CancelledError"), ("trio", "Cancelled"))
        if (library := sys.modules.get(module)) is not None
    )
