"""What the OpenAI Agents SDK's objects say, in the shapes of the catalogue; read by their attributes."""

from __future__ import annotations

import json

from ._model_call import Answer

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any


def arguments(text: Any) -> Any:
    """A call's arguments: parsed, or the text where a model wrote no JSON."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def messages(system_prompt: str | None, items: Any) -> list[Any]:
    """What a model gets, its instructions first."""
    asked = [{"role": "user", "content": items}] if isinstance(items, str) else list(items)
    return [{"role": "system", "content": system_prompt}, *asked] if system_prompt else asked


def model(agent: Any, override: Any) -> tuple[str | None, str | None]:
    """The model that an agent asks, and who serves it."""
    found = override if override is not None else getattr(agent, "model", None)
    if isinstance(found, str):
        provider, slash, _ = found.partition("/")
        return found, provider if slash else "openai"
    if found is None:
        return None, "openai"
    name = getattr(found, "model", None)
    kind = type(found).__name__
    return (name if isinstance(name, str) else kind), "openai" if kind.startswith("OpenAI") else None


def answer(response: Any) -> Answer:
    """What a model said in the end: a ModelResponse, or a Response."""
    texts: list[str] = []
    thoughts: list[str] = []
    calls: list[dict[str, Any]] = []
    message_id = None
    for item in response.output:
        match _get(item, "type"):
            case "message":
                message_id = message_id or _get(item, "id")
                texts += [_get(part, "text") or _get(part, "refusal") or "" for part in _get(item, "content") or ()]
            case "function_call":
                asked = arguments(_get(item, "arguments"))
                calls.append({"id": _get(item, "call_id"), "name": _get(item, "name"), "arguments": asked})
            case "reasoning":
                parts = _get(item, "content") or _get(item, "summary") or ()
                thoughts += [_get(part, "text") or "" for part in parts]
    return Answer(
        "".join(texts),
        tool_calls=calls,
        usage=usage(response.usage),
        finish=_finish(response),
        message_id=message_id,
        model=_text(getattr(response, "model", None)),
        reasoning="\n".join(thoughts) or None,
        response_id=_text(getattr(response, "response_id", None) or getattr(response, "id", None)),
    )


def usage(found: Any) -> dict[str, Any] | None:
    """The SDK's figures: its totals include their parts, as ours do. None where the model gave none."""
    if found is None:
        return None
    read = _get(found, "input_tokens_details")
    wrote = _get(found, "output_tokens_details")
    figures = {
        "input_tokens": _get(found, "input_tokens"),
        "output_tokens": _get(found, "output_tokens"),
        "cache_read_tokens": _get(read, "cached_tokens"),
        "cache_write_tokens": _get(read, "cache_write_tokens"),
        "reasoning_tokens": _get(wrote, "reasoning_tokens"),
    }
    if not figures["input_tokens"] and not figures["output_tokens"]:
        return None
    kept = ("input_tokens", "output_tokens")
    return {name: figure for name, figure in figures.items() if figure or (name in kept and figure is not None)}


def voice(data: Any, shown: bool) -> dict[str, Any]:
    """What a call that speaks or transcribes came to, without its audio: an event is bounded, and audio is not."""
    if data.type == "speech":
        return {"character_count": len(data.input) if data.input else None}
    return {"text": (data.output or None) if shown else None}


def span_error(error: Any) -> dict[str, Any] | None:
    """What a span says of an error."""
    if not error:
        return None
    data = error.get("data") or {}
    message = data.get("error") or data.get("message") or error.get("message") or ""
    return {name: value for name, value in {"message": str(message), "type": data.get("name")}.items() if value}


def _finish(response: Any) -> str | None:
    details = getattr(response, "incomplete_details", None)
    reason = getattr(details, "reason", None)
    return reason if isinstance(reason, str) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)
