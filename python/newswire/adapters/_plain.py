"""What is left of a value that no event can carry: plain JSON, bounded, with a text where there is nothing better.

Only used after the core has refused a payload, so nothing is walked twice in the usual case.
"""

from __future__ import annotations

import math

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

# Beyond the depth that the core takes; a payload has some levels around a value.
_MAX_DEPTH = 32
_MAX_ITEMS = 1000
_MAX_TEXT = 64 << 10
_CUT_ITEMS = 50
_CUT_TEXT = 2 << 10
_BARE_ITEMS = 10
_BARE_TEXT = 512
_MAX_INT = 2**53 - 1


def plain(value: Any) -> Any:
    """The same in plain JSON: what isn't becomes its text."""
    return _walk(value, _MAX_DEPTH, _MAX_ITEMS, _MAX_TEXT)


def cut(value: Any) -> Any:
    """The same in plain JSON, with long texts and lists cut: for what is too large for an event."""
    return _walk(value, 6, _CUT_ITEMS, _CUT_TEXT)


def bare(payload: dict[str, Any]) -> dict[str, Any]:
    """The fields of a payload, next to nothing of each: for what is too large even when it is cut."""
    return {name: _walk(value, 1, _BARE_ITEMS, _BARE_TEXT) for name, value in payload.items()}


def _walk(value: Any, depth: int, items: int, text: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -_MAX_INT <= value <= _MAX_INT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return _text(value, text)
    if depth == 0:
        return _shown(value, text)
    if isinstance(value, dict):
        some = list(value.items())[:items]
        return {_text(k if isinstance(k, str) else str(k), text): _walk(v, depth - 1, items, text) for k, v in some}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_walk(item, depth - 1, items, text) for item in list(value)[:items]]
    dump = getattr(value, "model_dump", None) or getattr(value, "to_dict", None)
    if callable(dump) and not isinstance(value, type):
        try:
            return _walk(dump(), depth - 1, items, text)
        except Exception:
            return _shown(value, text)
    return _shown(value, text)


def _shown(value: Any, text: int) -> str:
    try:
        return _text(repr(value), text)
    except Exception:
        return f"<{type(value).__name__}>"


def _text(value: str, text: int) -> str:
    whole = value if len(value) <= text else f"{value[:text]}... ({len(value)} characters)"
    return whole.encode(errors="replace").decode()
