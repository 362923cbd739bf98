"""The processor of the OpenAI Agents SDK's traces."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from agents.tracing import TracingProcessor

from .. import _bus
from . import _openai_values as values
from ._harmless import Faults, harmless
from ._model_call import ModelCall
from ._openai_ending import ending, raised
from ._openai_watch import CURRENT, Watch
from ._operations import Operation, Operations

if TYPE_CHECKING:
    from agents.tracing import Span, Trace

# Kinds of spans that are shown, and what each is to us. What isn't here is no operation of its own: its parts are
# those of what it is a part of.
_SHOWN = {
    "agent": "agent",
    "function": "tool.call",
    "generation": "model.call",
    "response": "model.call",
    "guardrail": "validation",
    "custom": "step",
    "speech": "speech.call",
    "transcription": "transcription.call",
}


class NewswireProcessor(Faults, TracingProcessor):
    """The processor of traces: `agents.add_trace_processor(NewswireProcessor(bus))`.

    Alone it tells what the SDK's traces hold; `install()` adds the hooks, for all runs.

    - `fault_count`: how often it failed itself; that is logged, and harmless to the agent.
    - `is_on`: whether it tells what it is told.
    """

    def __init__(self, bus: _bus.Bus | None = None) -> None:
        super().__init__()
        self.bus = bus if bus is not None else _bus.bus()
        self.operations = Operations(self.bus)
        self.is_on = True

    @harmless
    def on_trace_start(self, trace: Trace) -> None:
        if not self.is_on:
            return
        watch = CURRENT.get()
        self._begin_run(trace.trace_id, trace.name, getattr(trace, "group_id", None), watch)

    @harmless
    def on_trace_end(self, trace: Trace) -> None:
        run = self.operations.find(trace.trace_id)
        if run is None or (run.facts["watch"] is not None and run.facts["watch"].waits):
            return
        error = raised(run, sys.exc_info()[1])
        if error is not None:
            phase, fields = ending(error)
        else:
            phase, fields = run.facts.get("ended") or ("completed", {})
        watch = run.facts["watch"]
        if phase == "completed":
            fields = watch.sums(run) if watch is not None else _sums(run)
        self.operations.end(run, phase, partial(dict, fields))

    @harmless
    def on_span_start(self, span: Span[Any]) -> None:
        if not self.is_on:
            return
        data = span.span_data
        watch = CURRENT.get()
        parent = self.operations.find(span.parent_id) or self.operations.find(span.trace_id)
        if parent is None:
            # A trace that goes on after an interruption doesn't begin again.
            parent = self._begin_run(span.trace_id, "Agent workflow", None, watch)
        about = _SHOWN.get(data.type)
        if about == "model.call" and watch is not None:
            watch.note_attempt(parent)
            about = None
        operation = self.operations.begin(span.span_id, about, parent, _identity(data))
        operation.facts |= {"watch": watch, "handled": sys.exc_info()[1]}
        if data.type in ("agent", "function", "custom"):
            operation.enter()
        if data.type == "turn":
            agent = _agent(operation)
            if agent is not None:
                agent.facts["turns"] = agent.facts.get("turns", 0) + 1
        if about == "tool.call":
            if watch is not None:
                return  # the hook knows the call's id and arguments
            operation.add(None, tool_calls=1)
        if operation.wants("started"):
            operation.tell("started", _started(data, watch is None or watch.shows_content))

    @harmless
    def on_span_end(self, span: Span[Any]) -> None:
        operation = self.operations.find(span.span_id)
        if operation is None:
            return
        data = span.span_data
        watch: Watch | None = operation.facts["watch"]
        error = raised(operation, sys.exc_info()[1])
        told = values.span_error(span.error)
        match data.type:
            case "function":
                self._end_tool(operation, watch, data, error, told)
            case "agent":
                self._end_agent(operation, watch, error, told)
            case "generation" | "response":
                self._end_model_call(operation, watch, data, error, told)
            case "turn":
                if watch is not None and error is not None:
                    watch.close_calls(operation.key, *ending(error))
                self.operations.end(operation, "completed")
            case "handoff":
                agent = _agent(operation)
                if agent is not None:
                    agent.facts["is_handed_off"] = True
                fields = {"from": data.from_agent, "to": data.to_agent, "event": "handoff"}
                operation.note("workflow.transitioned", fields)
                self.operations.end(operation, "completed")
            case "mcp_tools":
                for tool in data.result or ():
                    operation.note("mcp.tool.discovered", {"server": data.server or "", "tool": tool})
                self.operations.end(operation, "completed")
            case "guardrail":
                self._end(operation, error, told, lambda: {"passed": not data.triggered})
            case "speech" | "transcription":
                shown = watch is None or watch.shows_content
                self._end(operation, error, told, partial(values.voice, data, shown))
            case _:
                self._end(operation, error, told, lambda: {"data": getattr(data, "data", None)})

    def force_flush(self) -> None:
        """Nothing waits here: the bus has it all."""

    def shutdown(self) -> None:
        """Nothing is held here; the bus is its owner's to close."""

    def _begin_run(self, trace_id: str, name: str, group: str | None, watch: Watch | None) -> Operation:
        scope = {"conversation": group} if group else {}
        run = self.operations.begin(trace_id, "run", None, {"name": name}, run_id=trace_id, scope=scope)
        run.facts |= {"watch": watch, "handled": sys.exc_info()[1]}
        run.enter()
        if watch is not None:
            watch.run = run
        if run.wants("started"):
            run.tell("started", watch.content(input=watch.asked) if watch is not None else {})
        return run

    def _end(self, operation: Operation, error: BaseException | None, told: Any, fields: Any) -> None:
        if error is not None:
            phase, said = ending(error)
            self.operations.end(operation, phase, lambda: said)
        elif told is not None:
            self.operations.end(operation, "failed", lambda: {"error": told})
        else:
            self.operations.end(operation, "completed", fields)

    def _end_tool(self, operation: Operation, watch: Watch | None, data: Any, error: Any, told: Any) -> None:
        if watch is not None:
            if "is_told" not in operation.facts and error is None and told is None and data.output is None:
                operation.about = None  # it waits for approval: nothing was called
            watch.tell_tool(operation, data.input)
        result = operation.facts.get("result", data.output)
        fields = {"agent": operation.facts.get("agent")}
        if watch is None or watch.shows_content:
            fields["result"] = result
        if error is None and told is not None:
            # The model was told of the error, and goes on.
            self.operations.end(operation, "failed", lambda: {"error": told, **fields})
        else:
            self._end(operation, error, told, lambda: fields)

    def _end_agent(self, operation: Operation, watch: Watch | None, error: Any, told: Any) -> None:
        shown = watch is None or watch.shows_content
        output = operation.facts.get("output") if shown else None
        phase, fields = ("failed", {"error": told}) if told is not None else ("completed", {})
        if error is not None:
            phase, fields = ending(error)
        if watch is not None and phase != "completed":
            watch.close_calls(None, phase, fields)
        if watch is not None and phase == "completed" and not {"output", "is_handed_off"} & operation.facts.keys():
            phase, fields = "canceled", {"reason": "interrupted"}
        if phase != "completed":
            operation.root.facts["ended"] = (phase, fields)
        else:
            rounds = operation.facts.get("turns")
            fields = {"output": output, **_sums(operation), "iteration_count": rounds}
        self.operations.end(operation, phase, partial(dict, fields))

    def _end_model_call(self, operation: Operation, watch: Watch | None, data: Any, error: Any, told: Any) -> None:
        if watch is not None:
            if operation.parent is not None:
                watch.note_model(operation.parent, data)
                watch.note_failure(operation.parent, told)
            self.operations.end(operation, "completed")
        elif error is None and told is None and getattr(data, "response", None) is not None:
            ModelCall(self.operations, operation).complete(values.answer(data.response))
        else:
            operation.add(values.usage(getattr(data, "usage", None)), model_calls=1)
            self._end(operation, error, told, lambda: {"usage": values.usage(getattr(data, "usage", None))})


def _identity(data: Any) -> dict[str, Any]:
    match data.type:
        case "generation" | "speech" | "transcription":
            return {"model": data.model}
        case "response":
            return {"model": getattr(data.response, "model", None)}
        case _:
            return {"name": getattr(data, "name", None)}


def _started(data: Any, shown: bool) -> dict[str, Any]:
    match data.type:
        case "speech":
            return {"text": (data.input or None) if shown else None}
        case "function":
            return {"arguments": values.arguments(data.input), "tool_type": "function"}
        case "custom":
            return {"data": data.data}
        case _:
            return {}


def _sums(operation: Operation) -> dict[str, Any]:
    return {
        "usage": operation.usage or None,
        "model_call_count": operation.model_calls,
        "tool_call_count": operation.tool_calls,
    }


def _agent(operation: Operation) -> Operation | None:
    around = operation.parent
    while around is not None and around.about != "agent":
        around = around.parent
    return around
