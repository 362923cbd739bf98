"""Options of `on` and `subscribe`: which there are, each of the type that it has to be, or an error names it.

The core checks what they mean and has what holds without them; here is what it would never see.
"""

from __future__ import annotations

from ._arguments import near, unwritable
from .errors import ArgumentError

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Literal, TypedDict, TypeVar

    from ._bus import Bus
    from ._native import Event, Gap
    from .handlers import Listener
    from .subscription import Gaps, Subscription

    F = TypeVar("F", bound=Callable[..., Any])
    Mode = Literal["inline", "locked", "keyed", "concurrent"]
    WhenFull = Literal["drop_oldest", "drop_newest", "block"]

    class QueueOptions(TypedDict, total=False):
        """What `bus.subscribe` can be told about the queue; behind each is what holds without it."""

        when_full: WhenFull  # "drop_oldest"
        buffer: int  # 1024 events
        buffer_bytes: int  # 16 MiB
        max_wait: float  # 1.0 s, of a publisher whom `when_full="block"` holds up
        priority: int  # 0
        start: Any  # None: the next event
        internal: bool  # False
        coalesce: float | None  # None
        name: str  # its pattern

    class HandlerOptions(QueueOptions, total=False):
        """What `bus.on` can be told beside pattern, handler and loop."""

        mode: Mode  # "locked"
        key: str | None  # None
        concurrency: int | None  # None
        timeout: float | None  # None
        once: bool  # False
        weak: bool  # False
        on_gap: Callable[[Gap], Any] | None  # None
        set_aside_after: int | None  # None


def on(  # type: ignore[empty-body]
    self: Bus,
    pattern: str | type,
    handler: Callable[[Event], Any] | None = None,
    *,
    loop: Any = None,
    mode: Mode = "locked",
    key: str | None = None,
    concurrency: int | None = None,
    timeout: float | None = None,
    once: bool = False,
    weak: bool = False,
    on_gap: Callable[[Gap], Any] | None = None,
    set_aside_after: int | None = None,
    when_full: WhenFull = "drop_oldest",
    buffer: int = 1024,
    buffer_bytes: int = 16 << 20,
    max_wait: float = 1.0,
    priority: int = 0,
    start: Any = None,
    internal: bool = False,
    coalesce: float | None = None,
    name: str = "",
) -> Listener:
    """What `Bus.on` takes, for whoever is to be shown it."""


def subscribe(  # type: ignore[empty-body]
    self: Bus,
    pattern: str | type = "*",
    *,
    gaps: Gaps = "warn",
    when_full: WhenFull = "drop_oldest",
    buffer: int = 1024,
    buffer_bytes: int = 16 << 20,
    max_wait: float = 1.0,
    priority: int = 0,
    start: Any = None,
    internal: bool = False,
    coalesce: float | None = None,
    name: str = "",
) -> Subscription[Any]:
    """What `Bus.subscribe` takes, for whoever is to be shown it."""


def shown_as(shape: Callable[..., Any]) -> Callable[[F], F]:
    """Has `help` and `inspect.signature` show a function as `shape`: of itself they would show `**options` only."""

    def show(function: F) -> F:
        function.__wrapped__ = shape  # type: ignore[attr-defined]
        return function

    return show


_TEXT = ("str", "a str", False)
_INTEGER = ("__index__", "an int", False)
_SECONDS = ("__float__", "seconds, 0 or more", False)
_SWITCH = ("bool", "True or False", False)

# For each option: its type or what it must be able to do, how that is called, whether None stands for none.
QUEUE: dict[str, tuple[str, str, bool]] = {
    "when_full": _TEXT,
    "buffer": _INTEGER,
    "buffer_bytes": _INTEGER,
    "max_wait": _SECONDS,
    "priority": _INTEGER,
    "start": ("object", "a place", True),
    "internal": _SWITCH,
    "coalesce": ("__float__", "seconds or None", True),
    "name": _TEXT,
}
HANDLER = {
    **QUEUE,
    "mode": _TEXT,
    "key": ("str", "a str or None", True),
    "concurrency": ("__index__", "an int or None", True),
    "timeout": ("__float__", "seconds or None", True),
    "once": _SWITCH,
    "weak": _SWITCH,
    "on_gap": ("__call__", "a function of one gap", True),
    "set_aside_after": ("__index__", "an int or None", True),
}
_BITS = {"priority": 31}


def check(options: Mapping[str, Any], known: Mapping[str, tuple[str, str, bool]], *, beside: str) -> None:
    """Raises `ArgumentError` for what is no such option, has a wrong type, or is an integer that nothing can hold.

    `beside` is a keyword of the call that is none of these options; it may have been meant.
    """
    for name, value in options.items():
        path = f"options.{name}"
        if name not in known:
            raise ArgumentError(f"there is no keyword {name!r}", path=path, expected=near(name, [*known, beside]))
        wanted, expected, optional = known[name]
        if value is None and optional:
            continue
        if not _fits(value, wanted):
            raise ArgumentError(f"it can't be of type {type(value).__name__}", path=path, expected=expected)
        if isinstance(value, str) and (error := unwritable(value, path)):
            raise error
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
    if wanted == "object":
        return True
    # What has an index is a number as well.
    return hasattr(type(value), wanted) or (wanted == "__float__" and hasattr(type(value), "__index__"))
