"""Events that match, and what can be asked of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .._native import Filter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .._native import Event
    from ._seen import Seen


class Matches:
    """Events that matched, first to last; there is at least one.

    - `what`: what was asked for, in words.
    - `events`: the events themselves.
    """

    def __init__(self, seen: Seen, what: str, events: list[Event]) -> None:
        self._seen = seen
        self.what = what
        self.events = events

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __getitem__(self, index: int) -> Event:
        return self.events[index]

    def before(self, pattern: str, **where: Any) -> Matches:
        """The first of them came before the first that matches `pattern`, which happened too.

        A pattern without a dot is the name of a tool.
        """
        __tracebackhide__ = True
        later = self._other(pattern, where)
        if not _at(self._seen, self.events[0]) < _at(self._seen, later.events[0]):
            both = [self.events[0], later.events[0]]
            self._seen.fail(f"expected {self.what} before {later.what}, but it came after", both)
        return later

    def after(self, pattern: str, **where: Any) -> Matches:
        """The first of them came after the first that matches `pattern`, which happened too."""
        __tracebackhide__ = True
        earlier = self._other(pattern, where)
        if not _at(self._seen, earlier.events[0]) < _at(self._seen, self.events[0]):
            both = [self.events[0], earlier.events[0]]
            self._seen.fail(f"expected {self.what} after {earlier.what}, but it came before", both)
        return earlier

    def times(self, count: int) -> Matches:
        """It happened exactly so often."""
        __tracebackhide__ = True
        if len(self.events) != count:
            self._seen.fail(
                f"expected {self.what} {count} times, but it happened {len(self.events)} times", self.events
            )
        return self

    def within(self, pattern: str, **where: Any) -> Matches:
        """Each of them is a part, however deep, of an operation that matches `pattern`."""
        __tracebackhide__ = True
        outer = self._other(pattern, where)
        spans = {event.correlation.get("span") for event in outer}
        parents = _parents(self._seen.events)
        stray = [event for event in self.events if not spans & _around(event, parents)]
        if stray:
            self._seen.fail(f"expected {self.what} within {outer.what}, but it isn't", stray)
        return self

    def _other(self, pattern: str, where: Mapping[str, Any]) -> Matches:
        __tracebackhide__ = True
        if "." not in pattern and "*" not in pattern and not where:
            return self._seen.tool(pattern)
        return self._seen.happened(pattern, **where)


def find(events: list[Event], pattern: str, where: Mapping[str, Any]) -> list[Event]:
    """The events that match."""
    asked = Filter(pattern)
    return [event for event in events if asked.matches(event) and _fits(event, where)]


def fields(event: Event) -> dict[str, Any]:
    """What an event's payload says, as JSON has it."""
    text = event.payload_json()
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {"value": found}


def said(pattern: str, where: Mapping[str, Any]) -> str:
    """What is asked for, in words."""
    if not where:
        return pattern
    asked = (f"{name} {value.__name__}" if callable(value) else f"{name}={value!r}" for name, value in where.items())
    return f"{pattern} ({', '.join(asked)})"


def _fits(event: Event, where: Mapping[str, Any]) -> bool:
    if not where:
        return True
    found = fields(event)
    return all(
        (value(found.get(name)) if callable(value) else name in found and found[name] == value)
        for name, value in where.items()
    )


def _at(seen: Seen, event: Event) -> int:
    return next(place for place, one in enumerate(seen.events) if one is event)


def _parents(events: list[Event]) -> dict[str, str]:
    found: dict[str, str] = {}
    for event in events:
        span, parent = event.correlation.get("span"), event.correlation.get("parent_span")
        if span and parent:
            found.setdefault(span, parent)
    return found


def _around(event: Event, parents: Mapping[str, str]) -> set[str | None]:
    around: set[str | None] = set()
    span = event.correlation.get("parent_span")
    while span and span not in around:
        around.add(span)
        span = parents.get(span)
    return around
