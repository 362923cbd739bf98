"""A model call under way, in one shape for every framework: what it streams, asks for, and says in the end."""

from __future__ import annotations

from functools import partial

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from typing import Any

    from ._operations import Operation, Operations

# What providers call the reasons to stop, in the words of the catalogue.
_FINISHES = {
    "stop": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "completed": "stop",
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "tool_calls": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "safety": "content_filter",
    "refusal": "content_filter",
}


class Answer:
    """What a model said in the end.

    - `tool_calls`: each with `id`, `name` and `arguments`.
    - `finish`: why it stopped, in the provider's words.
    """

    __slots__ = ("content", "finish", "message_id", "model", "reasoning", "response_id", "tool_calls", "usage")

    def __init__(
        self,
        content: str,
        *,
        tool_calls: list[dict[str, Any]],
        usage: dict[str, Any] | None = None,
        finish: str | None = None,
        message_id: str | None = None,
        model: str | None = None,
        reasoning: str | None = None,
        response_id: str | None = None,
    ) -> None:
        self.content = content
        self.tool_calls = tool_calls
        self.usage = usage
        self.finish = finish
        self.message_id = message_id
        self.model = model
        self.reasoning = reasoning
        self.response_id = response_id


class ModelCall:
    """A model call; its beginning has been told."""

    __slots__ = ("_first", "_message_id", "_requests", "_shows_content", "operation", "operations")

    def __init__(self, operations: Operations, operation: Operation, *, shows_content: bool = True) -> None:
        self.operations = operations
        self.operation = operation
        self._first: int | None = None
        self._message_id: str | None = None
        self._requests: dict[Hashable, Operation] = {}
        self._shows_content = shows_content

    def piece(self) -> None:
        """A piece of the answer has come, of whatever sort."""
        if self._first is None:
            self._first = self.operation.elapsed()

    def text(self, message_id: str | None, text: str) -> None:
        """A piece of what it says."""
        self.piece()
        if self._message_id is None:
            self._message_id = message_id or self.operation.span
        if text and self._wants("message.delta"):
            fields = {"message_id": self._message_id, "text": text, "role": "assistant"}
            self.operation.note("message.delta", fields)

    def reasoning(self, text: str) -> None:
        """A piece of what it thinks."""
        self.piece()
        if text and self._wants("reasoning.delta"):
            self.operation.note("reasoning.delta", {"reasoning_id": self.operation.span, "text": text})

    def request(self, key: Hashable, call_id: str | None, name: str | None, text: str | None = None) -> None:
        """A piece of a tool call that it writes; the first has its name."""
        self.piece()
        request = self._requests.get(key)
        if request is None:
            if not name:
                return
            request = self._begin_request(key, call_id, name)
        if text and self._wants("tool.request.delta"):
            fields = {"call_id": request.identity.get("call_id") or request.span, "text": text}
            request.note("tool.request.delta", fields | {"name": request.identity["name"]})

    def complete(self, answer: Answer) -> None:
        """It has ended without error."""
        operation = self.operation
        for index, call in enumerate(answer.tool_calls):
            request = self._find_request(call.get("id"), index) or self._begin_request(
                ("whole", index), call.get("id"), call["name"]
            )
            fields = self._content(arguments=call.get("arguments"))
            self.operations.end(request, "completed", partial(dict, fields))
        if answer.reasoning and self._wants("reasoning.created"):
            operation.note("reasoning.created", {"content": answer.reasoning, "reasoning_id": operation.span})
        if answer.content and self._wants("message.created"):
            message_id = self._message_id or answer.message_id or operation.span
            operation.note(
                "message.created", {"role": "assistant", "content": answer.content, "message_id": message_id}
            )
        operation.add(answer.usage, model_calls=1)
        self.operations.end(operation, "completed", lambda: self._told(answer))

    def end(self, phase: str, fields: Callable[[], dict[str, Any]]) -> None:
        """It has failed, or was canceled."""
        for request in self._requests.values():
            self.operations.end(request, "canceled", lambda: {"reason": f"the model call was {phase}"})
        self.operation.add(None, model_calls=1)
        self.operations.end(self.operation, phase, fields)

    def _told(self, answer: Answer) -> dict[str, Any]:
        finish = answer.finish.lower() if answer.finish else ("tool_calls" if answer.tool_calls else None)
        calls = answer.tool_calls
        return {
            "usage": answer.usage,
            "finish_reason": _FINISHES.get(finish, finish) if finish else None,
            "raw_finish_reason": answer.finish,
            "response_model": answer.model,
            "response_id": answer.response_id,
            **self._content(content=answer.content or None, tool_calls=calls or None),
            "content_bytes": len(answer.content.encode(errors="replace")),
            "tool_call_count": len(calls),
            "has_reasoning": bool(answer.reasoning) or None,
            "time_to_first_chunk_ns": self._first,
        }

    def _begin_request(self, key: Hashable, call_id: str | None, name: str) -> Operation:
        identity = {"name": name, "call_id": call_id}
        whole = (self.operation.key, "request", key)
        request = self.operations.begin(whole, "tool.request", self.operation, identity)
        if request.wants("started"):
            request.tell("started", {"message_id": self._message_id})
        self._requests[key] = request
        return request

    def _find_request(self, call_id: str | None, index: int) -> Operation | None:
        requests = list(self._requests.values())
        for request in requests:
            if call_id and request.identity.get("call_id") == call_id:
                return request
        unnamed = [request for request in requests if "call_id" not in request.identity]
        return unnamed[index] if index < len(unnamed) else None

    def _content(self, **fields: Any) -> dict[str, Any]:
        return fields if self._shows_content else {}

    def _wants(self, kind: str) -> bool:
        return self._shows_content and self.operation.run.bus.wants(kind)
