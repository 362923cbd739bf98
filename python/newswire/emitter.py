"""The emitter: a bus plus fixed context, with a typed method for each core kind, and decorators.

Parents are explicit, else the emitter's own, else the innermost operation that is open in the running context.
"""

from __future__ import annotations

from functools import wraps

from . import _ambient, _native
from ._arguments import all_told
from ._core_methods import CoreMethods
from ._typing import overload
from .errors import ArgumentError
from .handlers import is_async

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, ParamSpec, TypedDict, TypeVar, Unpack

    from ._bus import Bus
    from ._guard import Guard
    from ._guards import StepGuard
    from ._native import Event, Published

    P = ParamSpec("P")
    R = TypeVar("R")
    F = TypeVar("F", bound=Callable[..., Any])

    class ScopeIds(TypedDict, total=False):
        """The ids of an event's scope, each as text."""

        runtime_id: str
        agent_id: str
        session_id: str
        conversation_id: str
        user_id: str
        run_id: str
        workflow_id: str
        parent_workflow_id: str
        step_id: str
        turn_id: str
        channel_id: str
        account_id: str
        chat_id: str
        chat_type: str
        topic_id: str
        space_id: str
        space_type: str
        sender_id: str
        message_id: str


# The names of ScopeIds, and what each is called on the wire.
_SCOPE = {
    name if name.endswith("_type") else f"{name}_id": name
    for name in (  # noqa: SIM905  # shorter than a list
        "runtime agent session conversation user run workflow parent_workflow step turn channel account chat"
        " chat_type topic space space_type sender message"
    ).split()
}


@all_told(*(name for name in vars(CoreMethods) if not name.startswith("_")), but="emit")
class Emitter(CoreMethods):
    """Emits events with the same context; nothing is built for what nobody wants.

        emitter = bus.emitter(session_id="s-1")
        with emitter.run("weather") as run:
            with run.emitter.tool_call("forecast", {"city": "Lisbon"}) as call:
                call.complete({"sky": "clear"})

    An operation that is entered by `with` is the parent of what happens within, wherever that is emitted.
    """

    __slots__ = ("_attrs", "_bus", "_component", "_correlation", "_made", "_scope", "_source", "_tags")

    def __init__(
        self,
        bus: Bus,
        *,
        source: str | tuple[str, str] | None = None,
        correlation: Mapping[str, str] | None = None,
        tags: Iterable[str] = (),
        attrs: Mapping[str, Any] | None = None,
        component: str | None = None,
        parent: Guard | Emitter | None = None,
        **scope: Unpack[ScopeIds],
    ) -> None:
        self._bus = bus
        self._source = source
        self._scope = _scope(scope)
        self._correlation = dict(correlation or {})
        self._tags = tuple(tags)
        self._attrs = dict(attrs or {})
        self._component = component
        if parent is not None:
            self._join(parent if isinstance(parent, Emitter) else parent.emitter)
        self._made: _native.Emitter | None = None

    @property
    def bus(self) -> Bus:
        """The bus that it emits to."""
        return self._bus

    @property
    def scope(self) -> Mapping[str, str]:
        """The ids that its events have."""
        return dict(self._scope)

    @property
    def trace(self) -> str | None:
        """The trace of its events."""
        return self._correlation.get("trace")

    @property
    def span(self) -> str | None:
        """The operation that its events are a part of."""
        return self._correlation.get("parent_span")

    def wants(self, kind: str) -> bool:
        """Whether anybody wants that kind now."""
        return self._bus.wants(kind)

    def emit(
        self,
        kind: str | Any,
        payload: Any = None,
        /,
        *,
        message: str | None = None,
        span: str | None = None,
        parent: str | None = None,
        **fields: Any,
    ) -> Published:
        """Emits an event: a kind with its payload (an object, or fields), or a payload object alone."""
        return self._native().emit(kind, payload, message=message, span=span, parent=parent, **fields)

    def event(self, kind: str | Any, payload: Any = None, /, **envelope: Any) -> Event:
        """An event with this context, not published yet."""
        return self._native().event(kind, payload, **envelope)

    def with_context(
        self,
        *,
        source: str | tuple[str, str] | None = None,
        correlation: Mapping[str, str] | None = None,
        tags: Iterable[str] = (),
        attrs: Mapping[str, Any] | None = None,
        component: str | None = None,
        parent: Guard | Emitter | None = None,
        **scope: Unpack[ScopeIds],
    ) -> Emitter:
        """The same emitter with more context; what is given here wins."""
        other = self._copy()
        other._source = self._source if source is None else source
        other._scope |= _scope(scope)
        other._correlation |= correlation or {}
        other._tags += tuple(tags)
        other._attrs |= attrs or {}
        other._component = self._component if component is None else component
        if parent is not None:
            other._join(parent if isinstance(parent, Emitter) else parent.emitter)
        return other

    def bind(self, function: Callable[P, R]) -> Callable[P, R]:
        """`function`, with what it emits a part of this emitter's operation: for threads and callbacks.

        An emitter that is about no operation binds to the innermost that is open where `bind` is called.
        """
        within = (_ambient.emitter() or self) if self.span is None else self
        if is_async(function):

            @wraps(function)
            async def bound_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                frame = _ambient.enter(within)
                try:
                    return await function(*args, **kwargs)  # type: ignore[misc]
                finally:
                    frame.leave()

            return bound_async  # type: ignore[return-value]

        @wraps(function)
        def bound(*args: P.args, **kwargs: P.kwargs) -> R:
            frame = _ambient.enter(within)
            try:
                return function(*args, **kwargs)
            finally:
                frame.leave()

        return bound

    @overload
    def tool(self, function: F, /) -> F: ...
    @overload
    def tool(self, name: str | None = None, /, **fields: Any) -> Callable[[F], F]: ...
    def tool(self, function: Any = None, /, **fields: Any) -> Any:
        """Makes a tool call of each call of a function: its arguments, its result or its error.

        @emitter.tool
        def search(query: str) -> list[str]: ...

        @emitter.tool("web_search", engine="local")
        def search(query: str) -> list[str]: ...
        """
        if function is None or isinstance(function, str):
            return lambda decorated: self._tool(decorated, function, fields)
        if not callable(function):
            expected = "a function, or the name of the tool"
            raise ArgumentError(f"{function!r} is no tool", path="function", expected=expected)
        return self._tool(function, None, fields)

    def _tool(self, function: Callable[..., Any], name: str | None, fields: dict[str, Any]) -> Any:
        from inspect import signature

        from ._decorate import decorate

        takes = signature(function)

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Guard:
            try:
                arguments = dict(takes.bind(*args, **kwargs).arguments)
            except TypeError:
                # The call will say so itself.
                arguments = None
            if arguments is not None:
                arguments.pop("self", None)
            return self.tool_call(name or function.__name__, arguments, **fields)

        return decorate(function, begin)

    @overload
    def step(self, function: F, /) -> F: ...
    @overload
    def step(self, name: str, input: Any = None, **fields: Any) -> StepGuard: ...
    def step(self, name: Any, input: Any = None, **fields: Any) -> Any:
        """A step, as a guard or as a decorator.

        with emitter.step("load") as step: ...

        @emitter.step
        def load(): ...

        @emitter.step("load", step_type="transform")
        def load_everything(): ...
        """
        if callable(name):
            return super().step(name.__name__)(name)
        return super().step(name, input, **fields)

    def within(self, span: str) -> Emitter:
        """An emitter for what happens within the operation of that span."""
        other = self._copy()
        other._correlation.pop("span", None)
        other._correlation["parent_span"] = span
        other._component = None
        return other

    def _about(self, span: str, *, is_run: bool) -> Emitter:
        """An emitter for an operation's own events, a part of whatever is around."""
        other = self._copy()
        around = _ambient.emitter()
        if "parent_span" not in other._correlation and around is not None:
            other._join(around)
        handled = _native.current_event()
        if handled is not None and "parent_span" not in other._correlation:
            other._join_event(handled)
        trace = other._correlation.setdefault("trace", _native.new_trace())
        if is_run:
            # Whoever aggregates keys on the run, so a run without an id of its own gets its trace's.
            other._scope.setdefault("run", trace)
        other._correlation["span"] = span
        return other

    def _join(self, around: Emitter) -> None:
        """Makes it a part of `around`, unless it belongs to another trace."""
        trace = around._correlation.get("trace")
        if trace is None or self._correlation.setdefault("trace", trace) != trace:
            return
        if around.span is not None:
            self._correlation["parent_span"] = around.span
        if "run" in around._scope:
            self._scope.setdefault("run", around._scope["run"])

    def _join_event(self, handled: Event) -> None:
        around = handled.correlation
        trace = around.get("trace")
        if trace is None or self._correlation.setdefault("trace", trace) != trace:
            return
        span = around.get("span") or around.get("parent_span")
        if span is not None:
            self._correlation["parent_span"] = span

    def _copy(self) -> Emitter:
        other = Emitter.__new__(Emitter)
        other._bus = self._bus
        other._source = self._source
        other._scope = dict(self._scope)
        other._correlation = dict(self._correlation)
        other._tags = self._tags
        other._attrs = dict(self._attrs)
        other._component = self._component
        other._made = None
        return other

    def _native(self) -> _native.Emitter:
        made = self._made
        if made is None:
            made = self._made = _native.Emitter(
                self._bus,
                scope=self._scope,
                source=self._source,
                correlation=self._correlation,
                tags=self._tags,
                attrs=self._attrs,
                component=self._component,
            )
        if "parent_span" in self._correlation or "span" in self._correlation:
            return made
        around = _ambient.emitter()
        if around is None:
            return made
        # A plain event belongs to the operation that is open here.
        part = self._copy()
        part._join(around)
        return part._native()


def _scope(given: Mapping[str, Any]) -> dict[str, str]:
    scope = {}
    for name, value in given.items():
        wire = _SCOPE.get(name)
        if wire is None:
            raise ArgumentError(f"an emitter has no {name!r}", expected=", ".join(_SCOPE))
        if not isinstance(value, str):
            raise ArgumentError(f"{name} can't be {value!r}", path=name, expected="a text")
        scope[wire] = value
    return scope
