"""What happened, as a tree: one line for an operation, one for each other event, pieces of streams counted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ._matches import fields

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._native import Event

_MARK = "> "
_PLAIN = "  "
_WIDTH = 60
_TEXT = 72
_ENDS = ("completed", "failed", "canceled")
# What an operation was called with or asked, the first that there is.
_ABOUT = ("arguments", "query", "input", "text", "content", "patch")


class _Line:
    __slots__ = ("count", "events", "parent", "parts", "span")

    def __init__(self, span: str | None, parent: str | None) -> None:
        self.span = span
        self.parent = parent
        self.events: list[Event] = []
        self.parts: list[_Line] = []
        self.count = 0


def tree(events: Iterable[Event], *, marked: Iterable[Event] = ()) -> str:
    """The events as a tree, in the order of their beginnings; the lines of those that are marked begin with `>`."""
    marks = {id(event) for event in marked}
    lines: list[str] = []
    for line in _roots(list(events)):
        _write(line, 0, marks, lines)
    return "\n".join(lines)


def _roots(events: list[Event]) -> list[_Line]:
    spans: dict[str, _Line] = {}
    lines: list[_Line] = []
    previous: dict[str | None, _Line] = {}
    for event in events:
        span = event.correlation.get("span") if event.phase else None
        parent = event.correlation.get("parent_span")
        line = spans.get(span) if span else previous.get(parent)
        # Pieces of one stream, with nothing else of their operation between them, are one line.
        is_next_piece = (
            not span and line is not None and event.kind.endswith(".delta") and line.events[0].kind == event.kind
        )
        if line is None or (not span and not is_next_piece):
            line = _Line(span, parent)
            lines.append(line)
            if span:
                spans[span] = line
        previous[parent] = line
        line.events.append(event)
        line.count += 1
    roots = []
    for line in lines:
        around = spans.get(line.parent) if line.parent else None
        if around is None or around is line:
            roots.append(line)
        else:
            around.parts.append(line)
    return roots


def _write(line: _Line, depth: int, marks: set[int], lines: list[str]) -> None:
    is_marked = any(id(event) in marks for event in line.events)
    text, end = (_operation if line.span else _single)(line)
    indented = "  " * depth + text
    lines.append(f"{_MARK if is_marked else _PLAIN}{indented:<{_WIDTH}} {end}".rstrip())
    for part in line.parts:
        _write(part, depth + 1, marks, lines)


def _operation(line: _Line) -> tuple[str, str]:
    first = line.events[0]
    about = first.kind.removesuffix(f".{first.phase}")
    known: dict[str, Any] = {}
    for event in line.events:
        known |= fields(event)
    last = next((event for event in line.events if event.phase in _ENDS), None)
    end = "still open" if last is None else str(last.phase)
    if "duration_ns" in known:
        end += f" {_duration(known['duration_ns'])}"
    if usage := known.get("usage"):
        end += f", {usage.get('input_tokens', 0)}+{usage.get('output_tokens', 0)} tokens"
        if "cost_usd" in usage:
            end += f", ${usage['cost_usd']:.4g}"
    if error := known.get("error"):
        end += f": {_named(error)}"
    elif known.get("reason"):
        end += f": {known['reason']}"
    elif known.get("passed") is False:
        end += ", not passed"
    return f"{about} {_label(known)}".rstrip(), end


def _single(line: _Line) -> tuple[str, str]:
    event = line.events[0]
    if line.count > 1:
        return f"{event.kind} x {line.count}", ""
    known = fields(event)
    return f"{event.kind} {_label(known)}".rstrip(), _named(known["error"]) if "error" in known else ""


def _label(known: dict[str, Any]) -> str:
    name = known.get("name") or known.get("model") or known.get("role") or ""
    if "route" in known:
        return f"{name} -> {known['route']}"
    if "from" in known or "to" in known:
        return f"{known.get('from', '')} -> {known.get('to', '')}"
    about = next((known[field] for field in _ABOUT if known.get(field) not in (None, "", {}, [])), None)
    return f"{name} {_short(about)}".strip() if about is not None else str(name)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _TEXT else f"{text[: _TEXT - 3]}..."


def _named(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    kind = error.get("type")
    return f"{kind}: {error.get('message')}" if kind else str(error.get("message"))


def _duration(nanoseconds: int) -> str:
    for unit, size in (("s", 1_000_000_000), ("ms", 1_000_000)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds // 1000} us"
