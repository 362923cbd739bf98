"""Options of `on` and `subscribe`: each is of the type that it has to be, or an error names it.

The core checks what they mean; here is what it would never see.
"""

from __future__ import annotations

from .errors import ArgumentError

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_TEXT = ("str", "a str", False)
_INTEGER = ("__index__", "an int", False)
_SECONDS = ("__float__", "seconds, 0 or more", False)
_SWITCH = ("bool", "True or False", False)

# For each option: its type or what it must be able to do, how that is called, whether None stands for none.
_OPTIONS: dict[str, tuple[str, str, bool]] = {
    "mode": _TEXT,
    "when_full": _TEXT,
    "name": _TEXT,
    "key": ("str", "a str or None", True),
    "buffer": _INTEGER,
    "buffer_bytes": _INTEGER,
    "priority": _INTEGER,
    "concurrency": ("__index__", "an int or None", True),
    "set_aside_after": ("__index__", "an int or None", True),
    "max_wait": _SECONDS,
    "coalesce": ("__float__", "seconds or None", True),
    "timeout": ("__float__", "seconds or None", True),
    "once": _SWITCH,
    "weak": _SWITCH,
    "internal": _SWITCH,
    "on_gap": ("__call__", "a function of one gap", True),
}
_BITS = {"priority": 31}


def check(options: Mapping[str, Any]) -> None:
    """Raises `ArgumentError` for an option that has a wrong type, or an integer that nothing can hold."""
    for name, value in options.items():
        if name not in _OPTIONS:
            continue
        wanted, expected, optional = _OPTIONS[name]
        if value is None and optional:
            continue
        path = f"options.{name}"
        if not _fits(value, wanted):
            raise ArgumentError(f"it can't be of type {type(value).__name__}", path=path, expected=expected)
        bits = _BITS.get(name, 63)
        if wanted == "__index__" and not -(1 << bits) <= value.__index__() < 1 << bits:
            raise ArgumentError("the integer is too large", path=path, expected=f"an int of {bits + 1} bits")


def _fits(value: Any, wanted: str) -> bool:
    if wanted == "str":
        return isinstance(value, str)
    if wanted == "bool":
        return isinstance(value, bool)
    if wanted == "__call__":
        return callable(value)
    # What has an index is a number as well.
    return hasattr(type(value), wanted) or (wanted == "__float__" and hasattr(type(value), "__index__"))
