"""What is left of a value that no event can carry: plain JSON, bounded, with a text where there is nothing better.

Only used after the core has refused a payload, so nothing is walked twice in the usual case.
"""

from __future__ import annotations

import math
import reprlib

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
# Of all lists and objects together, a text counting as so many as it has these: more has no room in an event anyway.
_MAX_PARTS = 200_000
_PART_TEXT = 16


def plain(value: Any) -> Any:
    """The same in plain JSON: what isn't becomes its text."""
    return _Walk(_MAX_ITEMS, _MAX_TEXT).of(value, _MAX_DEPTH)


def cut(value: Any) -> Any:
    """The same in plain JSON, with long texts and lists cut: for what is too large for an event."""
    return _Walk(_CUT_ITEMS, _CUT_TEXT).of(value, 6)


def bare(payload: dict[str, Any]) -> dict[str, Any]:
    """The fields of a payload, next to nothing of each: for what is too large even when it is cut."""
    return {name: _Walk(_BARE_ITEMS, _BARE_TEXT).of(value, 1) for name, value in payload.items()}


class _Walk:
    """A way through a value, which may hold itself many times over: as a whole it is bounded as well."""

    __slots__ = ("_items", "_left", "_text", "_within")

    def __init__(self, items: int, text: int) -> None:
        self._items = items
        self._text = text
        self._left = _MAX_PARTS
        self._within: set[int] = set()

    def of(self, value: Any, depth: int) -> Any:
        self._left -= 1
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return value if -_MAX_INT <= value <= _MAX_INT else str(value)
        if isinstance(value, float):
            return value if math.isfinite(value) else str(value)
        if isinstance(value, str):
            self._left -= min(len(value), self._text) // _PART_TEXT
            return _text(value, self._text if self._left >= 0 else _BARE_TEXT)
        if depth == 0 or self._left < 0 or id(value) in self._within:
            return _shown(value, self._text)
        self._within.add(id(value))
        try:
            return self._parts(value, depth - 1)
        finally:
            self._within.discard(id(value))

    def _parts(self, value: Any, depth: int) -> Any:
        if isinstance(value, dict):
            some = list(value.items())[: self._items]
            return {_text(k if isinstance(k, str) else str(k), self._text): self.of(v, depth) for k, v in some}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.of(item, depth) for item in list(value)[: self._items]]
        dump = getattr(value, "model_dump", None) or getattr(value, "to_dict", None)
        if callable(dump) and not isinstance(value, type):
            try:
                return self.of(dump(), depth)
            except Exception:
                return _shown(value, self._text)
        return _shown(value, self._text)


def _shown(value: Any, text: int) -> str:
    try:
        # A container's own text may be endless as far as anybody can wait: parts of parts that hold one another.
        is_container = isinstance(value, (dict, list, tuple, set, frozenset))
        return _text(reprlib.repr(value) if is_container else repr(value), text)
    except Exception:
        return f"<{type(value).__name__}>"


def _text(value: str, text: int) -> str:
    whole = value if len(value) <= text else f"{value[:text]}... ({len(value)} characters)"
    return whole.encode(errors="replace").decode()
