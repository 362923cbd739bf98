"""Hooks of LangChain's models: calls, what they stream, and what they say in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _langchain_values as values
from ._harmless import harmless
from ._langchain_base import Base, ending, name_of
from ._model_call import ModelCall

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID


class ModelHooks(Base):
    """What models do."""

    @harmless
    def on_chat_model_start(
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
            run_id,
            parent_run_id,
            serialized,
            metadata,
            more,
            len(asked),
            lambda: [values.message(one) for one in asked],
        )

    @harmless
    def on_llm_start(
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
    def on_llm_new_token(self, token: Any, *, chunk: Any = None, run_id: UUID, **_: Any) -> None:
        call = self._model_call(run_id, "tokens")
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
    def on_stream_event(self, event: Any, *, run_id: UUID, **_: Any) -> None:
        part = event.get("delta") or event.get("content") or {}
        if event.get("event") not in ("content-block-start", "content-block-delta"):
            return
        call = self._model_call(run_id, "events")
        if call is None:
            return
        match part.get("type"):
            case "text-delta" | "text":
                call.text(f"lc_run--{run_id}", part.get("text") or "")
            case "reasoning-delta" | "reasoning":
                call.reasoning(part.get("reasoning") or "")
            case "tool-call-delta" | "tool_call_chunk" | "block-delta":
                asked = part.get("fields") or part
                call.request(event.get("index"), asked.get("id"), asked.get("name"), asked.get("args"))

    @harmless
    def on_llm_end(self, response: Any, *, run_id: UUID, **_: Any) -> None:
        call = self._model_call(run_id)
        if call is not None:
            call.complete(values.answer(response))

    @harmless
    def on_llm_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:
        call = self._model_call(run_id)
        if call is not None:
            phase, fields = ending(error)
            call.end(phase, fields)

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
        model = about.get("ls_model_name") or asked.get("model") or asked.get("model_name") or name_of(serialized, more)
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

    def _model_call(self, run_id: UUID, pieces: str | None = None) -> ModelCall | None:
        """The model call that is under way; for pieces of one sort, none if it comes in the other sort already.

        Where a program asks for LangChain's stream events, many models tell each piece both ways.
        """
        operation = self._operations.find(run_id)
        if operation is None or (pieces and operation.facts.setdefault("pieces", pieces) != pieces):
            return None
        call: ModelCall | None = operation.facts.get("call")
        return call
