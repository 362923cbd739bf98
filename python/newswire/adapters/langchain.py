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

import sys
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import AsyncCallbackManager
from langchain_core.tracers.context import register_configure_hook

from .. import _bus
from .._guard import failure, is_cancellation
from . import _langchain_values as values
from ._harmless import Faults, harmless
from ._model_call import ModelCall
from ._operations import Operation, Operations, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextvars import ContextVar
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


class NewswireCallback(Faults, Handler):
    """The callback handler: `config={"callbacks": [NewswireCallback(bus)]}`.

    - `messages`: whether `model.call.started` holds the messages that the model gets; their number it always tells.
    - `fault_count`: how often the handler itself failed; it is logged, and harmless to the agent.

    Two handlers of one bus are equal, so that one that is installed and one that is given don't tell all twice.
    """

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
        return isinstance(other, NewswireCallback) and other.bus is self.bus

    def __hash__(self) -> int:
        return hash((NewswireCallback, id(self.bus)))

    def __copy__(self) -> NewswireCallback:
        return self

    def __deepcopy__(self, _: Any) -> NewswireCallback:
        return self

    @harmless
    def on_chain_start(  # type: ignore[override]
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
        name = _name(serialized, more)
        parent, run = self._around(run_id, parent_run_id, about)
        component, is_node = _component(about, tags or (), parent, run)
        operation = self._operations.begin(run_id, component, parent, {"name": name}, run=run)
        operation.facts = {"is_node": is_node, "agent": about.get("lc_agent_name")}
        if is_node:
            operation.enter()
        if not operation.wants("started"):
            return
        if component == "step":
            step = about.get("langgraph_step") if is_node else None
            step_type = "node" if is_node else more.get("run_type") or "chain"
            # A node's input is its graph's whole state: what the nodes before it did tells as much.
            fields = {"step_type": step_type, "index": step - 1 if isinstance(step, int) and step > 0 else None}
            operation.tell("started", fields if is_node else {**fields, "input": values.shown(inputs)})
        else:
            operation.tell("started", {"input": values.asked(inputs)})

    @harmless
    def on_chain_end(self, outputs: Any, *, run_id: UUID, **_: Any) -> None:  # type: ignore[override]
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
    def on_chain_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:  # type: ignore[override]
        self._fail(run_id, error)

    @harmless
    def on_chat_model_start(  # type: ignore[override]
        self,
        serialized: dict[str, Any],
        messages: Sequence[Sequence[Any]],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        metadata: dict[str, Any] | None = None,
        **more: Any,
    ) -> None:
        asked = messages[0] if messages else ()
        self._begin_model_call(
            run_id, parent_run_id, serialized, metadata, more, len(asked), lambda: [values.message(one) for one in asked]
        )

    @harmless
    def on_llm_start(  # type: ignore[override]
        self,
        serialized: dict[str, Any],
        prompts: list[str],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        metadata: dict[str, Any] | None = None,
        **more: Any,
    ) -> None:
        self._begin_model_call(
            run_id,
            parent_run_id,
            serialized,
            metadata,
            more,
            len(prompts),
            lambda: [{"role": "user", "content": prompt} for prompt in prompts],
        )

    @harmless
    def on_llm_new_token(self, token: Any, *, chunk: Any = None, run_id: UUID, **_: Any) -> None:  # type: ignore[override]
        call = self._model_call(run_id)
        if call is None:
            return
        said = getattr(chunk, "message", None)
        if said is None:
            call.text(str(run_id), token if isinstance(token, str) else "")
            return
        text, thought = values.pieces(said)
        if thought:
            call.reasoning(thought)
        if text or not thought:
            call.text(said.id, text)
        for part in getattr(said, "tool_call_chunks", None) or ():
            call.request(part.get("index"), part.get("id"), part.get("name"), part.get("args"))

    @harmless
    def on_stream_event(self, event: Any, *, run_id: UUID, **_: Any) -> None:  # type: ignore[override]
        call = self._model_call(run_id)
        if call is None or event.get("event") != "content-block-delta":
            return
        delta = event.get("delta") or event.get("content") or event.get("content_block") or {}
        match delta.get("type"):
            case "text-delta" | "text":
                call.text(str(run_id), delta.get("text") or "")
            case "reasoning-delta" | "reasoning":
                call.reasoning(delta.get("reasoning") or "")
            case _:
                fields = delta.get("fields") or delta
                call.request(event.get("index"), fields.get("id"), fields.get("name"), fields.get("args"))

    @harmless
    def on_llm_end(self, response: Any, *, run_id: UUID, **_: Any) -> None:  # type: ignore[override]
        call = self._model_call(run_id)
        if call is not None:
            call.complete(values.answer(response))

    @harmless
    def on_llm_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:  # type: ignore[override]
        call = self._model_call(run_id)
        if call is not None:
            phase, fields = _ending(error)
            call.end(phase, fields)

    @harmless
    def on_tool_start(  # type: ignore[override]
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
        identity = {"name": _name(serialized, more), "call_id": tool_call_id}
        operation = self._operations.begin(run_id, "tool.call", parent, identity, run=run)
        operation.facts["agent"] = about.get("lc_agent_name")
        operation.add(None, tool_calls=1)
        operation.enter()
        if operation.wants("started"):
            arguments = values.shown(input_str if inputs is None else inputs)
            fields = {"arguments": arguments, "tool_type": "function", "agent": operation.facts["agent"]}
            operation.tell("started", fields)

    @harmless
    def on_tool_end(self, output: Any, *, run_id: UUID, **_: Any) -> None:  # type: ignore[override]
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
    def on_tool_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:  # type: ignore[override]
        self._fail(run_id, error)

    @harmless
    def on_retriever_start(  # type: ignore[override]
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
        identity = {"name": _name(serialized, more)}
        operation = self._operations.begin(run_id, "retrieval", parent, identity, run=run)
        if operation.wants("started"):
            operation.tell("started", {"query": query})

    @harmless
    def on_retriever_end(self, documents: Sequence[Any], *, run_id: UUID, **_: Any) -> None:  # type: ignore[override]
        operation = self._operations.find(run_id)
        if operation is not None:
            self._operations.end(
                operation,
                "completed",
                lambda: {"documents": [values.document(one) for one in documents], "document_count": len(documents)},
            )

    @harmless
    def on_retriever_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:  # type: ignore[override]
        self._fail(run_id, error)

    @harmless
    def on_retry(self, retry_state: Any, *, run_id: UUID, **_: Any) -> None:  # type: ignore[override]
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
    def on_custom_event(self, name: str, data: Any, *, run_id: UUID, **_: Any) -> None:  # type: ignore[override]
        operation = self._operations.find(run_id)
        if operation is not None and self.bus.wants("langchain.event.dispatched"):
            operation.note("langchain.event.dispatched", {"name": name, "data": values.shown(data)})

    @harmless
    def on_interrupt(self, event: Any) -> None:
        """A graph waits for somebody: its run ends here, and another goes on."""
        operation = self._operations.find(event.run_id)
        if operation is None:
            return
        operation.facts["is_interrupted"] = True
        if self.bus.wants("langgraph.run.interrupted"):
            asked = [{"id": one.id, "value": values.shown(one.value)} for one in event.interrupts]
            operation.note("langgraph.run.interrupted", {"interrupts": asked, **_checkpoint(event)})

    @harmless
    def on_resume(self, event: Any) -> None:
        """A graph goes on where it was interrupted."""
        operation = self._operations.find(event.run_id)
        if operation is not None and self.bus.wants("langgraph.run.resumed"):
            operation.note("langgraph.run.resumed", _checkpoint(event))

    def _around(
        self, run_id: UUID, parent_run_id: UUID | None, about: dict[str, Any]
    ) -> tuple[Operation | None, Run | None]:
        """What an operation is a part of; where it is of none, its new run."""
        parent = self._operations.find(parent_run_id) if parent_run_id is not None else None
        if parent is not None:
            return parent, None
        ids = {"conversation": about.get("thread_id"), "session": about.get("session_id"), "user": about.get("user_id")}
        return None, Run(self.bus, str(run_id), {name: str(value) for name, value in ids.items() if value})

    def _begin_model_call(
        self,
        run_id: UUID,
        parent_run_id: UUID | None,
        serialized: dict[str, Any] | None,
        metadata: dict[str, Any] | None,
        more: dict[str, Any],
        message_count: int,
        messages: Callable[[], list[Any]],
    ) -> None:
        about = metadata or {}
        asked = more.get("invocation_params") or {}
        model = about.get("ls_model_name") or asked.get("model") or asked.get("model_name") or _name(serialized, more)
        parent, run = self._around(run_id, parent_run_id, about)
        identity = {"model": model, "provider": about.get("ls_provider")}
        operation = self._operations.begin(run_id, "model.call", parent, identity, run=run)
        operation.facts["call"] = ModelCall(self._operations, operation)
        if operation.wants("started"):
            tools = asked.get("tools") or asked.get("functions")
            fields = {
                "messages": messages() if self._messages else None,
                "message_count": message_count,
                "tool_count": len(tools) if isinstance(tools, (list, tuple)) else None,
                "max_output_tokens": about.get("ls_max_tokens"),
                "temperature": about.get("ls_temperature"),
                "stream": asked.get("stream"),
            }
            operation.tell("started", fields)

    def _model_call(self, run_id: UUID) -> ModelCall | None:
        operation = self._operations.find(run_id)
        return None if operation is None else operation.facts.get("call")

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
        phase, fields = _ending(error)
        self._operations.end(operation, phase, fields)

    def _tell_routes(self, operation: Operation, output: Any) -> None:
        for route in values.routes(output):
            if self.bus.wants("step.routed"):
                operation.note("step.routed", {"name": operation.identity.get("name") or "", "route": route})


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


def uninstall() -> None:
    """Runs that begin from here on tell nothing."""
    _INSTALLED.handler = None


def _name(serialized: dict[str, Any] | None, more: dict[str, Any]) -> str:
    found = more.get("name") or (serialized or {}).get("name")
    if not found:
        path = (serialized or {}).get("id") or ("chain",)
        found = path[-1]
    return str(found)


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


def _ending(error: BaseException) -> tuple[str, Callable[[], dict[str, Any]]]:
    if any(one.__name__ == "GraphBubbleUp" for one in type(error).__mro__):
        return "canceled", lambda: {"reason": "interrupted"}
    if isinstance(error, GeneratorExit):
        return "canceled", lambda: {"reason": "its stream was closed"}
    if is_cancellation(error):
        return "canceled", lambda: {"reason": type(error).__name__}
    return "failed", lambda: {"error": failure(error)}


def _result(result: Any) -> dict[str, Any]:
    size = len(result.encode(errors="replace")) if isinstance(result, str) else None
    return {"result": result, "result_bytes": size}


def _checkpoint(event: Any) -> dict[str, Any]:
    return {"checkpoint_id": event.checkpoint_id, "graph": "/".join(event.checkpoint_ns) or None}
