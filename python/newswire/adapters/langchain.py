"""LangChain and LangGraph on the bus.

    import newswire.adapters.langchain

    newswire.adapters.langchain.install()

From then on every chain, graph, model, tool and retriever tells what it does, with no change to the program. For a
few runs only, hand the handler to them:

    graph.invoke(question, config={"callbacks": [NewswireCallback(bus)]})

Operations are told apart by LangChain's own run ids, so parallel tools and concurrent runs don't mix. What a tool
or a node emits itself becomes a part of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.tracers.context import register_configure_hook

from .. import _bus
from .._guard import failure
from . import _langchain_values as values
from ._harmless import harmless
from ._langchain_base import name_of
from ._langchain_models import ModelHooks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextvars import ContextVar
    from uuid import UUID

    from ._operations import Operation, Run


class NewswireCallback(ModelHooks):
    """The callback handler: `config={"callbacks": [NewswireCallback(bus)]}`.

    - `messages`: whether `model.call.started` holds the messages that the model gets; their number it always tells.
    - `fault_count`: how often the handler itself failed; it is logged, and harmless to the agent.

    Two handlers of one bus are equal, so that one that is installed and one that is given don't tell all twice.
    """

    @harmless
    def on_chain_start(
        self,
        serialized: dict[str, Any] | None,
        inputs: Any,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **more: Any,
    ) -> None:
        about = metadata or {}
        name = name_of(serialized, more)
        parent, run = self._around(run_id, parent_run_id, about)
        component, is_node = _component(about, tags or (), parent, run)
        operation = self._operations.begin(run_id, component, parent, {"name": name}, run=run)
        operation.facts = {"is_node": is_node, "agent": about.get("lc_agent_name")}
        if is_node:
            operation.enter()
        if operation.wants("started"):
            self._tell_start(operation, inputs, about, more)
        if operation.parent is None and getattr(inputs, "resume", None) is not None:
            self._tell_resume(operation)

    @harmless
    def on_chain_end(self, outputs: Any, *, run_id: UUID, **_: Any) -> None:
        operation = self._operations.find(run_id)
        if operation is None:
            return
        if operation.facts.get("is_interrupted"):
            self._operations.end(operation, "canceled", lambda: {"reason": "interrupted"})
            return
        self._tell_routes(operation, outputs)
        if operation.about in (None, "step"):
            self._operations.end(operation, "completed", lambda: {"output": values.shown(outputs)})
        else:
            self._operations.end(operation, "completed", lambda: _sums(operation, outputs))

    @harmless
    def on_chain_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:
        self._fail(run_id, error)

    @harmless
    def on_tool_start(
        self,
        serialized: dict[str, Any] | None,
        input_str: str,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        metadata: dict[str, Any] | None = None,
        inputs: dict[str, Any] | None = None,
        tool_call_id: str | None = None,
        **more: Any,
    ) -> None:
        about = metadata or {}
        parent, run = self._around(run_id, parent_run_id, about)
        identity = {"name": name_of(serialized, more), "call_id": tool_call_id}
        operation = self._operations.begin(run_id, "tool.call", parent, identity, run=run)
        operation.facts["agent"] = about.get("lc_agent_name")
        operation.add(None, tool_calls=1)
        operation.enter()
        if operation.wants("started"):
            arguments = values.shown(input_str if inputs is None else inputs)
            fields = {"arguments": arguments, "tool_type": "function", "agent": operation.facts["agent"]}
            operation.tell("started", fields)

    @harmless
    def on_tool_end(self, output: Any, *, run_id: UUID, **_: Any) -> None:
        operation = self._operations.find(run_id)
        if operation is None:
            return
        self._tell_routes(operation, output)
        agent = operation.facts["agent"]
        if getattr(output, "status", None) == "error" and values.is_message(output):
            error = {"message": str(output.content), "type": "ToolMessage"}
            self._operations.end(operation, "failed", lambda: {"error": error, "agent": agent})
            return
        result = output.content if values.is_message(output) else output
        self._operations.end(operation, "completed", lambda: {**_result(values.shown(result)), "agent": agent})

    @harmless
    def on_tool_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:
        self._fail(run_id, error)

    @harmless
    def on_retriever_start(
        self,
        serialized: dict[str, Any] | None,
        query: str,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        metadata: dict[str, Any] | None = None,
        **more: Any,
    ) -> None:
        parent, run = self._around(run_id, parent_run_id, metadata or {})
        identity = {"name": name_of(serialized, more)}
        operation = self._operations.begin(run_id, "retrieval", parent, identity, run=run)
        if operation.wants("started"):
            operation.tell("started", {"query": query})

    @harmless
    def on_retriever_end(self, documents: Sequence[Any], *, run_id: UUID, **_: Any) -> None:
        operation = self._operations.find(run_id)
        if operation is not None:
            self._operations.end(
                operation,
                "completed",
                lambda: {"documents": [values.document(one) for one in documents], "document_count": len(documents)},
            )

    @harmless
    def on_retriever_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:
        self._fail(run_id, error)

    @harmless
    def on_retry(self, retry_state: Any, *, run_id: UUID, **_: Any) -> None:
        operation = self._operations.find(run_id)
        if operation is None or operation.about not in ("model.call", "step") or not operation.wants("retried"):
            return
        outcome = retry_state.outcome
        error = outcome.exception() if outcome is not None else None
        wait = getattr(retry_state.next_action, "sleep", None)
        operation.note(
            f"{operation.about}.retried",
            operation.identity
            | {
                "attempt": retry_state.attempt_number + 1,
                "error": failure(error) if error is not None else None,
                "backoff_ns": int(wait * 1e9) if wait is not None else None,
            },
        )

    @harmless
    def on_custom_event(self, name: str, data: Any, *, run_id: UUID, **_: Any) -> None:
        operation = self._operations.find(run_id)
        if operation is not None and self.bus.wants("langchain.event.dispatched"):
            operation.note("langchain.event.dispatched", {"name": name, "data": values.shown(data)})

    @harmless
    def on_interrupt(self, event: Any) -> None:
        """A graph waits for somebody: its run ends here, and another goes on."""
        operation = self._operations.find(event.run_id)
        if operation is not None:
            self._tell_interrupt(operation, event.interrupts, event)

    @harmless
    def on_resume(self, event: Any) -> None:
        """A graph goes on where it was interrupted."""
        operation = self._operations.find(event.run_id)
        if operation is not None:
            self._tell_resume(operation, event)

    def _tell_start(self, operation: Operation, inputs: Any, about: dict[str, Any], more: dict[str, Any]) -> None:
        if operation.facts["is_node"]:
            # A node's input is its graph's whole state: what the nodes before it did tells as much.
            step = about.get("langgraph_step")
            index = step - 1 if isinstance(step, int) and step > 0 else None
            operation.tell("started", {"step_type": "node", "index": index})
        elif operation.about == "step":
            operation.tell("started", {"step_type": more.get("run_type") or "chain", "input": values.shown(inputs)})
        else:
            operation.tell("started", {"input": values.asked(inputs)})


class _Installed:
    """What LangChain takes for a context variable: the same handler in every thread and context."""

    handler: NewswireCallback | None = None
    is_registered = False

    def get(self) -> NewswireCallback | None:
        return self.handler


_INSTALLED = _Installed()


def install(bus: _bus.Bus | None = None, *, messages: bool = True) -> NewswireCallback:
    """Makes everything that LangChain runs tell `bus` (the process's own, if none is given) what it does.

    Again with the same bus it changes nothing; with another, that one is told from then on.
    """
    wanted = NewswireCallback(bus, messages=messages)
    if _INSTALLED.handler != wanted:
        _INSTALLED.handler = wanted
    if not _INSTALLED.is_registered:
        variable: ContextVar[Any] = _INSTALLED  # type: ignore[assignment]
        register_configure_hook(variable, inheritable=True)
        _INSTALLED.is_registered = True
    assert _INSTALLED.handler is not None
    return _INSTALLED.handler


def uninstall(bus: _bus.Bus | None = None) -> None:
    """Runs that begin from here on tell nothing; with a bus, only if it is the one that is told."""
    if _INSTALLED.handler is not None and (bus is None or _INSTALLED.handler.bus is bus):
        _INSTALLED.handler = None


def _component(
    about: dict[str, Any], tags: Sequence[str], parent: Operation | None, run: Run | None
) -> tuple[str | None, bool]:
    """What a chain is to us, and whether it is a graph's node."""
    if any(tag.startswith("graph:step:") for tag in tags):
        return "step", True
    if run is not None and run.outer is None:
        return "run", False
    if "langsmith:hidden" in tags:
        return None, False
    if parent is not None and parent.facts.get("is_node") and any(tag.startswith("seq:step:") for tag in tags):
        # What a node consists of, its routing functions and the graph that a node is: the node stands for them.
        return None, False
    agent = about.get("lc_agent_name")
    if agent and (parent is None or parent.facts.get("agent") != agent):
        return "agent", False
    if str(about.get("ls_integration")).startswith("langgraph"):
        return "workflow", False
    return ("step" if parent is not None else "workflow"), False


def _sums(operation: Operation, outputs: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {"output": values.answered(outputs), "usage": operation.usage or None}
    if operation.about != "agent":
        fields["message_count"] = values.message_count(outputs)
    if operation.about != "workflow":
        fields |= {"model_call_count": operation.model_calls, "tool_call_count": operation.tool_calls}
    return fields


def _result(result: Any) -> dict[str, Any]:
    size = len(result.encode(errors="replace")) if isinstance(result, str) else None
    return {"result": result, "result_bytes": size}
