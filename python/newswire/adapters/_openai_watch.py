"""One run of the OpenAI Agents SDK: what its hooks tell, merged with the spans of its trace."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

from agents.tracing import get_current_span

from .. import _native
from . import _openai_values as values
from ._harmless import Faults, harmless
from ._model_call import ModelCall
from ._openai_ending import ending

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ._operations import Operation, Operations

CURRENT: ContextVar[Watch | None] = ContextVar("newswire.openai_agents.run", default=None)


class Watch(Faults):
    """Watches one run.

    - `run`: the operation of its trace, where it began one, or its own, where tracing is off.
    - `asked`: what the run was asked.
    - `shows_content`: whether it may tell what was said (`trace_include_sensitive_data`).
    - `waits`: whether the caller waits for the result, and so ends the run.
    """

    def __init__(self, operations: Operations, asked: Any, config: Any, *, waits: bool) -> None:
        super().__init__()
        self.operations = operations
        self.asked = asked if isinstance(asked, (str, list)) else None
        self.shows_content = getattr(config, "trace_include_sensitive_data", True)
        self.waits = waits
        self.run: Operation | None = None
        self._model = getattr(config, "model", None)
        self._name = getattr(config, "workflow_name", None) or "Agent workflow"
        self._group = getattr(config, "group_id", None)
        self._outer = CURRENT.get()
        self._agent: Operation | None = None
        self._calls: dict[Hashable, ModelCall] = {}
        self._requests: dict[str, str] = {}
        self._streaming: ModelCall | None = None

    @harmless
    def agent_started(self, agent: Any) -> None:
        """An agent takes over; its span tells so where tracing is on."""
        if self._traced() is not None:
            return
        if self.run is None:
            self._begin_untraced_run()
        self._end_agent("completed", {})
        self._agent = self.operations.begin((self, "agent", object()), "agent", self.run, {"name": str(agent.name)})
        if self._agent.wants("started"):
            self._agent.tell("started", {})

    @harmless
    def agent_answered(self, agent: Any, output: Any) -> None:
        """An agent has its final answer."""
        around = self._traced()
        found = around
        while found is not None and found.about != "tool.call":
            if found.about in ("agent", "run"):
                found.facts["output"] = output
            found = found.parent
        if around is None:
            if self.run is not None:
                self.run.facts["output"] = output
            self._end_agent("completed", self.content(output=output))

    @harmless
    def handed_off(self, from_agent: Any, to_agent: Any) -> None:
        """One agent gives over to another; its span tells so where tracing is on."""
        if self._traced() is None and self._agent is not None:
            fields = {"from": str(from_agent.name), "to": str(to_agent.name), "event": "handoff"}
            self._agent.note("workflow.transitioned", fields)

    @harmless
    def model_asked(self, agent: Any, system_prompt: str | None, items: Any) -> None:
        """A model is asked."""
        around = self._around()
        if around is None:
            return
        model, provider = values.model(agent, self._model)
        key = (self, "model", around.key)
        operation = self.operations.begin(key, "model.call", around, {"model": model, "provider": provider})
        call = ModelCall(self.operations, operation, shows_content=self.shows_content)
        self._calls[around.key] = self._streaming = call
        if operation.wants("started"):
            settings = getattr(agent, "model_settings", None)
            asked = values.messages(system_prompt, items)
            operation.tell(
                "started",
                {
                    **self.content(messages=asked),
                    "message_count": len(asked),
                    "tool_count": len(agent.tools) + len(agent.handoffs),
                    "max_output_tokens": getattr(settings, "max_tokens", None),
                    "temperature": getattr(settings, "temperature", None),
                    "stream": not self.waits or None,
                },
            )

    @harmless
    def model_answered(self, response: Any) -> None:
        """The model has answered."""
        around = self._around()
        call = self._calls.pop(around.key, None) if around is not None else None
        if call is not None:
            answer = values.answer(response)
            answer.model = answer.model or call.operation.facts.get("response_model")
            call.complete(answer)

    @harmless
    def tool_started(self, context: Any, agent: Any, tool: Any) -> None:
        """A tool is called."""
        call_id = getattr(context, "tool_call_id", None)
        operation = self._traced()
        if operation is None or operation.about != "tool.call":
            if self._traced() is not None or self._agent is None:
                return
            identity = {"name": str(tool.name), "call_id": call_id}
            operation = self.operations.begin((self, "tool", call_id or tool.name), "tool.call", self._agent, identity)
        elif call_id is not None:
            operation.identity["call_id"] = call_id
        operation.facts["agent"] = str(agent.name)
        self.tell_tool(operation, getattr(context, "tool_arguments", None))

    @harmless
    def tool_ended(self, context: Any, tool: Any, result: Any) -> None:
        """A tool has given its result; its span ends the call where tracing is on."""
        operation = self._traced()
        if operation is not None and operation.about == "tool.call":
            operation.facts["result"] = result
            return
        operation = self.operations.find((self, "tool", getattr(context, "tool_call_id", None) or tool.name))
        if operation is not None:
            self.operations.end(operation, "completed", lambda: self.content(result=result))

    def tell_tool(self, operation: Operation, arguments: Any) -> None:
        """Tells that a tool call has begun, once."""
        if operation.facts.get("is_told"):
            return
        operation.facts["is_told"] = True
        if operation.about is not None:
            operation.add(None, tool_calls=1)
        if operation.wants("started"):
            fields = {"tool_type": "function", "agent": operation.facts.get("agent")}
            operation.tell("started", fields | self.content(arguments=values.arguments(arguments)))

    @harmless
    def streamed(self, event: Any) -> None:
        """A piece of what the model says, where it is streamed."""
        call = self._streaming
        if call is None or getattr(event, "type", None) != "raw_response_event":
            return
        piece = event.data
        match piece.type:
            case "response.output_text.delta":
                call.text(piece.item_id, piece.delta)
            case "response.reasoning_text.delta" | "response.reasoning_summary_text.delta":
                call.reasoning(piece.delta)
            case "response.output_item.added" if piece.item.type == "function_call":
                call.request(piece.output_index, piece.item.call_id, piece.item.name)
            case "response.function_call_arguments.delta":
                call.request(piece.output_index, None, None, piece.delta)
            case "response.created" | "response.in_progress":
                pass  # the request was taken; nothing has been said yet
            case _:
                call.piece()

    @harmless
    def ended(self, result: Any, error: BaseException | None) -> None:
        """The run has ended, for a caller who waited."""
        run = self.run
        if run is None:
            return
        if error is not None:
            phase, fields = ending(error)
            self.close_calls(None, phase, fields)
            self._end_agent(phase, fields)
            self.operations.end(run, phase, lambda: fields)
            return
        waiting = getattr(result, "interruptions", None) or ()
        if waiting:
            self._end_agent("canceled", {"reason": "interrupted"})
            self._tell_approvals(run, waiting)
            self.operations.end(run, "canceled", lambda: {"reason": "interrupted"})
        else:
            self._end_agent("completed", {})
            run.facts["output"] = result.final_output
            self.operations.end(run, "completed", lambda: self.sums(run))

    def sums(self, run: Operation) -> dict[str, Any]:
        """What a run tells when it has ended."""
        return {
            **self.content(output=run.facts.get("output")),
            "usage": run.usage or None,
            "model_call_count": run.model_calls,
            "tool_call_count": run.tool_calls,
        }

    def note_model(self, parent: Operation, data: Any) -> None:
        """A span of a model call that the hooks tell of: what it knows besides."""
        call = self._calls.get(parent.key)
        if call is not None:
            model = getattr(getattr(data, "response", None), "model", None) or getattr(data, "model", None)
            call.operation.facts["response_model"] = model

    def note_attempt(self, parent: Operation) -> None:
        """Such a span begins: the second is another try."""
        call = self._calls.get(parent.key)
        if call is None:
            return
        operation = call.operation
        attempt = operation.facts["attempt"] = operation.facts.get("attempt", 0) + 1
        if attempt > 1 and operation.wants("retried"):
            fields = {"attempt": attempt, "error": operation.facts.get("error")}
            operation.note("model.call.retried", operation.identity | fields)

    def note_failure(self, parent: Operation, error: dict[str, Any] | None) -> None:
        """Such a span has failed."""
        call = self._calls.get(parent.key)
        if call is not None and error is not None:
            call.operation.facts["error"] = error

    def close_calls(self, key: Hashable, phase: str, fields: dict[str, Any]) -> None:
        """Ends the model call of that turn, which wasn't answered; all, without a turn."""
        for known in [known for known in self._calls if key is None or known == key]:
            call = self._calls.pop(known)
            error = call.operation.facts.get("error")
            said = {"error": error} if phase == "failed" and error is not None else fields
            call.end(phase, partial(dict, said))

    def content(self, **fields: Any) -> dict[str, Any]:
        """Those fields, if it may tell what was said."""
        return fields if self.shows_content else {}

    def _traced(self) -> Operation | None:
        span = get_current_span()
        return None if span is None else self.operations.find(span.span_id)

    def _around(self) -> Operation | None:
        return self._traced() or self._agent

    def _begin_untraced_run(self) -> None:
        outer = self._outer._agent if self._outer is not None else None
        scope = {"conversation": self._group} if self._group else {}
        about = "run" if outer is None else None
        self.run = self.operations.begin(
            (self, "run"), about, outer, {"name": self._name}, run_id=_native.new_trace(), scope=scope
        )
        if self.run.wants("started"):
            self.run.tell("started", self.content(input=self.asked))

    def _end_agent(self, phase: str, fields: dict[str, Any]) -> None:
        agent, self._agent = self._agent, None
        if agent is not None:
            self.operations.end(agent, phase, lambda: fields)

    def _tell_approvals(self, run: Operation, waiting: Any) -> None:
        if not run.run.bus.wants("tool.approval.started"):
            return
        for item in waiting:
            fields = {"name": item.name or "tool", "call_id": getattr(item.raw_item, "call_id", None)}
            run.note("tool.approval.started", fields | self.content(arguments=values.arguments(item.arguments)))


class Queue(asyncio.Queue[Any]):
    """A run's queue of stream events, which shows each to its watch as it is put in."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def put_nowait(self, item: Any) -> None:
        self._watch.streamed(item)
        super().put_nowait(item)
