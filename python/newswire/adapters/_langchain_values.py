"""What LangChain's objects say, in the shapes of the catalogue; read by their attributes, nothing is imported."""

from __future__ import annotations

from ._model_call import Answer

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

_ROLES = {"human": "user", "ai": "assistant", "AIMessageChunk": "assistant", "system": "system", "tool": "tool"}


def message(value: Any) -> dict[str, Any]:
    """A message: role, content, and the calls that it asks for or answers."""
    kind = value.type
    found: dict[str, Any] = {"role": _ROLES.get(kind, getattr(value, "role", kind)), "content": value.content}
    if calls := tool_calls(value):
        found["tool_calls"] = calls
    if call_id := getattr(value, "tool_call_id", None):
        found["tool_call_id"] = call_id
    if value.name:
        found["name"] = value.name
    return found


def tool_calls(value: Any) -> list[dict[str, Any]]:
    """The tool calls that a message asks for."""
    calls = getattr(value, "tool_calls", None) or ()
    return [{"id": call.get("id"), "name": call["name"], "arguments": call.get("args")} for call in calls]


def shown(value: Any, depth: int = 4) -> Any:
    """A state or a result, with messages and documents in their short shapes."""
    if value is None or isinstance(value, (str, int, float)) or depth == 0:
        return value
    if isinstance(value, dict):
        return {key: shown(item, depth - 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [shown(item, depth - 1) for item in value]
    if is_message(value):
        return message(value)
    if hasattr(value, "page_content"):
        return document(value)
    if hasattr(value, "to_messages"):
        return [message(one) for one in value.to_messages()]
    if type(value).__name__ == "Command":
        parts = {"goto": routes(value), "update": shown(value.update, depth - 1), "resume": value.resume}
        return {name: part for name, part in parts.items() if part}
    return value


def is_message(value: Any) -> bool:
    """Whether it is one of LangChain's messages."""
    return hasattr(value, "content") and hasattr(value, "type") and hasattr(value, "response_metadata")


def asked(inputs: Any) -> Any:
    """What a run was asked: the text of its only message, where there is no more to it."""
    messages = inputs.get("messages") if isinstance(inputs, dict) and len(inputs) == 1 else None
    if not isinstance(messages, list) or len(messages) != 1:
        return shown(inputs)
    match messages[0]:
        case str() as text:
            return text
        case (str(), content):
            return content
        case {"content": content}:
            return content
        case only if is_message(only):
            return only.content
    return shown(inputs)


def answered(outputs: Any) -> Any:
    """What a run answered: the text of its last message, where it ends with one."""
    messages: Any = outputs.get("messages") if isinstance(outputs, dict) else outputs
    last = messages[-1] if isinstance(messages, list) and messages else messages
    return last.content if is_message(last) else shown(outputs)


def message_count(outputs: Any) -> int | None:
    """How many messages a state holds."""
    messages = outputs.get("messages") if isinstance(outputs, dict) else None
    return len(messages) if isinstance(messages, list) else None


def document(value: Any) -> dict[str, Any]:
    """A document that was found."""
    found = {"content": value.page_content, "metadata": value.metadata or None, "id": getattr(value, "id", None)}
    return {name: item for name, item in found.items() if item is not None}


def routes(value: Any) -> list[str]:
    """Where a command goes; nothing for what is no command."""
    if type(value).__name__ != "Command" or not hasattr(value, "goto"):
        return []
    goto = value.goto if isinstance(value.goto, (list, tuple)) else [value.goto]
    return [str(getattr(one, "node", one)) for one in goto if one]


def answer(response: Any) -> Answer:
    """What a model said in the end."""
    generations = response.generations
    generation = generations[0][0] if generations and generations[0] else None
    output = response.llm_output or {}
    info = getattr(generation, "generation_info", None) or {}
    said = getattr(generation, "message", None)
    if said is None:
        counted = output.get("token_usage") or output.get("usage") or {}
        return Answer(
            getattr(generation, "text", None) or "",
            tool_calls=[],
            usage=_counted(counted),
            finish=_finish(info, output),
            model=output.get("model_name"),
        )
    about = said.response_metadata or {}
    text, thought = pieces(said)
    return Answer(
        text,
        tool_calls=tool_calls(said),
        usage=usage(getattr(said, "usage_metadata", None)) or _counted(output.get("token_usage") or {}),
        finish=_finish(about, info, output),
        message_id=said.id,
        model=about.get("model_name") or about.get("model") or output.get("model_name"),
        reasoning=thought or None,
        response_id=about.get("id"),
    )


def pieces(said: Any) -> tuple[str, str]:
    """What a message, or a piece of one, says and what it thinks."""
    thought = said.additional_kwargs.get("reasoning_content") or ""
    content = said.content
    if isinstance(content, str):
        return content, thought
    texts = []
    for block in content:
        if isinstance(block, str):
            texts.append(block)
        elif block.get("type") == "text":
            texts.append(block.get("text") or "")
        elif block.get("type") in ("reasoning", "thinking"):
            thought += block.get("reasoning") or block.get("thinking") or block.get("text") or ""
    return "".join(texts), thought


def usage(found: Any) -> dict[str, Any] | None:
    """LangChain's figures: its totals include their parts, as ours do."""
    if not found:
        return None
    read = found.get("input_token_details") or {}
    wrote = found.get("output_token_details") or {}
    figures = {
        "input_tokens": found.get("input_tokens"),
        "output_tokens": found.get("output_tokens"),
        "cache_read_tokens": read.get("cache_read"),
        "cache_write_tokens": read.get("cache_creation"),
        "reasoning_tokens": wrote.get("reasoning"),
    }
    return {name: figure for name, figure in figures.items() if figure is not None}


def _counted(found: dict[str, Any]) -> dict[str, Any] | None:
    figures = {"input_tokens": found.get("prompt_tokens"), "output_tokens": found.get("completion_tokens")}
    return {name: figure for name, figure in figures.items() if figure is not None} or None


def _finish(*places: dict[str, Any]) -> str | None:
    for place in places:
        for name in ("finish_reason", "stop_reason", "done_reason"):
            if found := place.get(name):
                return str(found)
    return None
