"""What a framework has under way, by the framework's own ids.

Frameworks tell of an operation's beginning and end in separate calls, from any thread, for many runs at once. So an
operation is found by its id, never by what happens to be running here; only what a run itself is a part of, where
it begins, is taken from the context. Nothing is built for what nobody wants.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from functools import partial

from .. import _ambient, _native
from ..emitter import Emitter
from ..errors import InvalidError, TooLargeError
from ._plain import bare, cut, plain

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping
    from typing import Any

    from .._bus import Bus

    Fields = dict[str, Any]

# Operations that a framework never ends (an abandoned generator) may not fill the memory.
MAX_OPEN = 100_000


class Run:
    """What all operations of one root share: its emitter, and the keys of those still open.

    Its trace and its emitter are made when first used, so that runs nobody hears of cost next to nothing.
    """

    __slots__ = ("_emitter", "_scope", "_trace", "bus", "open", "outer")

    def __init__(self, bus: Bus, run_id: str, scope: Mapping[str, str]) -> None:
        around = _ambient.emitter()
        if around is not None and (around.bus is not bus or around.trace is None):
            around = None
        self.bus = bus
        self.outer = None if around is None else around.span
        self._trace = None if around is None else around.trace
        self._scope = {"run": run_id, **(around.scope if around else {}), **scope}
        self._emitter: _native.Emitter | None = None
        self.open: set[Hashable] = set()

    @property
    def trace(self) -> str:
        """The trace of all its events."""
        if self._trace is None:
            self._trace = _native.new_trace()
        return self._trace

    @property
    def emitter(self) -> _native.Emitter:
        """What its events are emitted with."""
        if self._emitter is None:
            self._emitter = _native.Emitter(self.bus, scope=self._scope, correlation={"trace": self.trace})
        return self._emitter

    def within(self, span: str) -> Emitter:
        """An emitter for what user code does within the operation of that span."""
        scope: Any = {name if name.endswith("_type") else f"{name}_id": value for name, value in self._scope.items()}
        return Emitter(self.bus, correlation={"trace": self.trace, "parent_span": span}, **scope)


class Operation:
    """An operation under way.

    - `about`: what its kinds begin with, such as `tool.call`; None where it isn't shown, its parts being its parent's.
    - `identity`: the fields that all its events have.
    - `facts`: what its adapter remembers about it.
    - `usage`, `model_calls`, `tool_calls`: what is summed up for a run or an agent.
    """

    __slots__ = (
        "_span", "about", "began", "facts", "frame", "identity", "key",
        "model_calls", "parent", "run", "tool_calls", "usage",
    )  # fmt: skip

    def __init__(self, key: Hashable, about: str | None, parent: Operation | None, run: Run, identity: Fields) -> None:
        self.key = key
        self.about = about
        self.parent = parent
        self.run = run
        self.identity = identity
        self.facts: Fields = {}
        self.usage: Fields = {}
        self.model_calls = 0
        self.tool_calls = 0
        self.frame: _ambient.Frame | None = None
        self.began = time.monotonic_ns()
        self._span: str | None = None

    @property
    def span(self) -> str:
        """Its identity; of one that isn't shown, that of what stands for it, if there is any."""
        if self._span is None:
            if self.about is not None:
                self._span = _native.new_span()
            else:
                self._span = self.parent.span if self.parent is not None else ""
        return self._span

    @property
    def outer(self) -> str | None:
        """The span that it is a part of."""
        shown = self.parent
        while shown is not None and shown.about is None:
            shown = shown.parent
        return shown.span if shown is not None else self.run.outer

    @property
    def root(self) -> Operation:
        """What it is in the end a part of."""
        root = self
        while root.parent is not None:
            root = root.parent
        return root

    def wants(self, phase: str) -> bool:
        """Whether anybody wants its event of that phase."""
        return self.about is not None and self.run.bus.wants(f"{self.about}.{phase}")

    def tell(self, phase: str, fields: Fields) -> None:
        """Emits one of its own events."""
        self._emit(f"{self.about}.{phase}", {**self.identity, **fields}, self.span, self.outer)

    def note(self, kind: str, fields: Fields) -> None:
        """Emits an event that happened within it."""
        self._emit(kind, fields, None, self.span or self.run.outer)

    def elapsed(self) -> int:
        """Nanoseconds since it began."""
        return time.monotonic_ns() - self.began

    def enter(self) -> None:
        """Makes it the parent of what user code emits from here on, in this context, until it ends."""
        if self.span:
            self.frame = _ambient.enter(self.run.within(self.span))

    def add(self, usage: Fields | None, *, model_calls: int = 0, tool_calls: int = 0) -> None:
        """Adds to the sums of all that it is a part of."""
        outer = self.parent
        while outer is not None:
            if outer.about in ("run", "agent", "workflow"):
                outer.model_calls += model_calls
                outer.tool_calls += tool_calls
                for name, value in (usage or {}).items():
                    outer.usage[name] = outer.usage.get(name, 0) + value
            outer = outer.parent

    def _emit(self, kind: str, fields: Fields, span: str | None, parent: str | None) -> None:
        payload = {name: value for name, value in fields.items() if value is not None}
        emit = partial(self.run.emitter.emit, span=span, parent=parent)
        try:
            emit(kind, payload)
        except (InvalidError, TooLargeError) as error:
            # What is no JSON may be too large as well, and so may many cut texts; that it happened is told anyhow.
            for smaller in (cut,) if isinstance(error, TooLargeError) else (plain, cut):
                with suppress(InvalidError, TooLargeError):
                    emit(kind, smaller(payload))
                    return
            emit(kind, bare(payload))


class Operations:
    """The operations that are open."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self._open: dict[Hashable, Operation] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._open)

    def find(self, key: Hashable) -> Operation | None:
        """The open operation of that key."""
        return self._open.get(key)

    def begin(
        self,
        key: Hashable,
        about: str | None,
        parent: Operation | None,
        identity: Fields | None = None,
        *,
        run: Run | None = None,
        run_id: str = "",
        scope: Mapping[str, str] | None = None,
    ) -> Operation:
        """An operation has begun: without a parent (or a run) it is a root. Its first event is the caller's to tell."""
        if run is None:
            run = parent.run if parent is not None else Run(self.bus, run_id, scope or {})
        operation = Operation(key, about, parent, run, {k: v for k, v in (identity or {}).items() if v is not None})
        with self._lock:
            forgotten = self._open.pop(next(iter(self._open))) if len(self._open) >= MAX_OPEN else None
            if forgotten is not None:
                forgotten.run.open.discard(forgotten.key)
            self._open[key] = operation
            run.open.add(key)
        if forgotten is not None:
            _leave(forgotten)
        return operation

    def end(self, operation: Operation, phase: str, fields: Callable[[], Fields] | None = None) -> None:
        """It has ended, once: later calls do nothing. What it leaves open ends with its root."""
        if not self._close(operation):
            return
        if operation.parent is None:
            for key in tuple(operation.run.open):
                left = self._open.get(key)
                if left is not None and self._close(left) and left.wants("canceled"):
                    left.tell("canceled", {"reason": "abandoned", "duration_ns": left.elapsed()})
        if operation.wants(phase):
            duration = operation.elapsed()
            operation.tell(phase, {**(fields() if fields else {}), "duration_ns": duration})

    def _close(self, operation: Operation) -> bool:
        with self._lock:
            if self._open.get(operation.key) is not operation:
                return False
            del self._open[operation.key]
            operation.run.open.discard(operation.key)
        _leave(operation)
        return True


def _leave(operation: Operation) -> None:
    if operation.frame is not None:
        operation.frame.leave()
