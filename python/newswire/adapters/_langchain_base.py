"""What all hooks of LangChain's callback handler share."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Self

from langchain_core.callbacks import AsyncCallbackManager

from .. import _bus
from .._guard import failure, is_cancellation
from . import _langchain_values as values
from ._harmless import Faults
from ._operations import Operation, Operations, Run

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from langchain_core.callbacks import BaseCallbackHandler as Handler
else:
    try:
        # Only its handlers are told of a graph's interrupts.
        from langgraph.callbacks import GraphCallbackHandler as Handler
    except ImportError:
        from langchain_core.callbacks import BaseCallbackHandler as Handler

# The code that, of plain handlers and inline ones, calls the inline ones only.
_COMPLETIONS = AsyncCallbackManager.on_llm_start.__code__


class Base(Faults, Handler):
    """A callback handler that knows what is under way."""

    def __init__(self, bus: _bus.Bus | None = None, *, messages: bool = True) -> None:
        super().__init__()
        self.bus = bus if bus is not None else _bus.bus()
        self._messages = messages
        self._operations = Operations(self.bus)

    @property
    def run_inline(self) -> bool:  # type: ignore[override]
        """Whether it is called in the caller's context: it is, so that what user code emits finds its parent.

        Except where LangChain begins asynchronous completions: there an inline handler would keep the program's own
        plain handlers from being called at all.
        """
        frame = sys._getframe(1)
        if frame.f_code.co_name == "<listcomp>" and frame.f_back is not None:
            frame = frame.f_back
        return frame.f_code is not _COMPLETIONS

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Base) and other.bus is self.bus

    def __hash__(self) -> int:
        return hash((Base, id(self.bus)))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: Any) -> Self:
        return self

    def _around(
        self, run_id: UUID, parent_run_id: UUID | None, about: dict[str, Any]
    ) -> tuple[Operation | None, Run | None]:
        """What an operation is a part of; where it is of none, its new run."""
        parent = self._operations.find(parent_run_id) if parent_run_id is not None else None
        if parent is not None:
            return parent, None
        ids = {"conversation": about.get("thread_id"), "session": about.get("session_id"), "user": about.get("user_id")}
        return None, Run(self.bus, str(run_id), {name: str(value) for name, value in ids.items() if value})

    def _fail(self, run_id: UUID, error: BaseException) -> None:
        operation = self._operations.find(run_id)
        if operation is None:
            return
        command = error.args[0] if type(error).__name__ == "ParentCommand" and error.args else None
        if command is not None:
            # How LangGraph goes from a node to one of the graph around it.
            self._tell_routes(operation, command)
            self._operations.end(operation, "completed")
            return
        if type(error).__name__ == "GraphInterrupt":
            self._tell_interrupt(operation, error.args[0] if error.args else ())
        phase, fields = ending(error)
        self._operations.end(operation, phase, fields)

    def _tell_routes(self, operation: Operation, output: Any) -> None:
        for route in values.routes(output):
            if self.bus.wants("step.routed"):
                operation.note("step.routed", {"name": operation.identity.get("name") or "", "route": route})

    def _tell_interrupt(self, operation: Operation, interrupts: Any, event: Any = None) -> None:
        """Once for its run, which ends with it. Handlers that are installed see it in the node's error only."""
        root = operation.root
        if root.facts.get("is_interrupted"):
            return
        root.facts["is_interrupted"] = True
        if self.bus.wants("langgraph.run.interrupted"):
            asked = [{"id": one.id, "value": values.shown(one.value)} for one in interrupts]
            root.note("langgraph.run.interrupted", {"interrupts": asked, "checkpoint_id": _checkpoint(event)})

    def _tell_resume(self, operation: Operation, event: Any = None) -> None:
        root = operation.root
        if not root.facts.get("is_resumed") and self.bus.wants("langgraph.run.resumed"):
            root.facts["is_resumed"] = True
            root.note("langgraph.run.resumed", {"checkpoint_id": _checkpoint(event)})


def _checkpoint(event: Any) -> str | None:
    return None if event is None else str(event.checkpoint_id)


def name_of(serialized: dict[str, Any] | None, more: dict[str, Any]) -> str:
    found = more.get("name") or (serialized or {}).get("name")
    if not found:
        path = (serialized or {}).get("id") or ("chain",)
        found = path[-1]
    return str(found)


def ending(error: BaseException) -> tuple[str, Callable[[], dict[str, Any]]]:
    if any(one.__name__ == "GraphBubbleUp" for one in type(error).__mro__):
        return "canceled", lambda: {"reason": "interrupted"}
    if isinstance(error, GeneratorExit):
        return "canceled", lambda: {"reason": "its stream was closed"}
    if is_cancellation(error):
        return "canceled", lambda: {"reason": type(error).__name__}
    return "failed", lambda: {"error": failure(error)}
