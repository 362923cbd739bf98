"""Operations: a guard emits how one begins, goes on and ends, all under one span.

It begins when it is entered (`with`, `async with`), by `begin()`, or with the first use of it; it ends by its methods,
else with its block: completed, failed with the exception, or canceled. As a decorator it makes an operation of each
call. Nobody is kept from work by an event that can't be emitted.
"""

from __future__ import annotations

import sys
import time

from . import _ambient, _native
from ._arguments import all_told
from .errors import ClosedError, InvalidError, NewswireError, TooLargeError

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar, Self, TypeVar

    from .emitter import Emitter
    from .payloads import Failure

    F = TypeVar("F", bound=Callable[..., Any])

# An exception's text may be long; an event is bounded.
_MAX_ERROR = 8192


@all_told()
class Guard:
    """An operation.

    with emitter.tool_call("search", {"q": "newswire"}) as call:
        call.complete(search("newswire"))

    call = emitter.tool_call("search").begin()
    ...
    call.fail("no index")

    @emitter.step("load")
    def load(): ...
    """

    __slots__ = ("_about", "_began", "_frame", "_identity", "_outer", "_started", "_within")
    _ABOUT: ClassVar[str]

    def __init_subclass__(cls) -> None:
        all_told()(cls)

    def __init__(self, emitter: Emitter, identity: dict[str, Any], started: dict[str, Any]) -> None:
        self._outer = emitter
        self._identity = {name: value for name, value in identity.items() if value is not None}
        self._started = started
        self._about: Emitter | None = None
        self._within: Emitter | None = None
        self._frame: _ambient.Frame | None = None
        self._began: int | None = None

    def begin(self) -> Self:
        """Begins it, if it hasn't begun yet."""
        if self._about is None:
            self._about = self._outer._about(_native.new_span(), is_run=self._ABOUT == "run")
            self._began = time.monotonic_ns()
            try:
                self._emit("started", self._started)
            except NewswireError:
                # Its end reports the same.
                self._emit_plainly("started", {})
        return self

    @property
    def emitter(self) -> Emitter:
        """An emitter for what happens within the operation."""
        if self._within is None:
            self._within = self._open_about().within(self.span)
        return self._within

    @property
    def span(self) -> str:
        """The operation's identity: all its events have it."""
        return self._open_about()._correlation["span"]

    @property
    def trace(self) -> str:
        """The trace that it is a part of."""
        return self._open_about()._correlation["trace"]

    @property
    def is_open(self) -> bool:
        """Whether it has begun and not ended."""
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
        self.begin()
        if self._began is not None:
            self._emit("progress", {"message": message, "current": current, "total": total, "data": data})

    def cancel(self, reason: str | None = None) -> None:
        """Ends it because it was refused, skipped or stopped."""
        self._end("canceled", {"reason": reason})

    def _complete_plainly(self) -> None:
        self._end("completed", {})

    def _complete_with(self, outcome: Any) -> None:
        """Ends it with what a decorated function has returned."""
        self._end("completed", {} if self._OUTCOME is None else {self._OUTCOME: outcome})

    _OUTCOME: ClassVar[str | None] = None

    def _fail(self, error: str | BaseException | Failure, fields: dict[str, Any]) -> None:
        self._end("failed", {"error": failure(error), **fields})

    def _end(self, phase: str, fields: dict[str, Any]) -> None:
        """Its last event, once: whoever comes later ends nothing."""
        self.begin()
        began, self._began = self._began, None
        if began is None:
            return
        fields["duration_ns"] = time.monotonic_ns() - began
        try:
            self._emit(phase, fields)
        except (InvalidError, TooLargeError):
            # It has ended all the same, and whoever looks has to know.
            self._emit_plainly(phase, {name: fields[name] for name in ("duration_ns", "error") if name in fields})
            raise

    def _open_about(self) -> Emitter:
        self.begin()
        assert self._about is not None
        return self._about

    def _emit(self, phase: str, fields: dict[str, Any]) -> None:
        about, kind = self._open_about(), f"{self._ABOUT}.{phase}"
        if about.wants(kind):
            payload = {**self._identity, **{name: value for name, value in fields.items() if value is not None}}
            about.emit(kind, payload)

    def _emit_plainly(self, phase: str, fields: dict[str, Any]) -> None:
        try:
            self._emit(phase, fields)
        except NewswireError:
            _logger().warning("%s.%s of span %s can't be emitted", self._ABOUT, phase, self.span, exc_info=True)

    def __enter__(self) -> Self:
        self._frame = _ambient.enter(self.emitter)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if self._frame is not None:
            self._frame.leave()
        self._end_by(error)

    def _end_by(self, error: BaseException | None, *outcome: Any) -> None:
        """Ends what is still open as its code has ended; never raises."""
        if self._began is None:
            return
        try:
            if error is None and outcome:
                self._complete_with(*outcome)
            elif error is None:
                self._complete_plainly()
            elif is_cancellation(error):
                self.cancel(type(error).__name__)
            else:
                self._fail(error, {})
        except ClosedError:
            pass
        except NewswireError as problem:
            _logger().warning("the end of %s is told without all of it: %s", self._ABOUT, problem)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: F) -> F:
        """`function`, with each call an operation like this one."""
        from ._decorate import decorate

        return decorate(function, lambda *_: self._again())

    def _again(self) -> Self:
        return type(self)(self._outer, self._identity, self._started)


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


def is_cancellation(error: BaseException) -> bool:
    """Whether somebody stopped it, rather than that it erred."""
    if isinstance(error, (KeyboardInterrupt, GeneratorExit, SystemExit)):
        return True
    return any(
        isinstance(error, getattr(library, name))
        for module, name in (("asyncio", "CancelledError"), ("trio", "Cancelled"))
        if (library := sys.modules.get(module)) is not None
    )


def _logger() -> Any:
    import logging

    return logging.getLogger("newswire")
