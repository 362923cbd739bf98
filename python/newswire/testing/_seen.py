"""Questions about what happened, each an assertion that says what was expected and shows what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._matches import Matches, find, said

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._native import Event


class Seen:
    """What has happened, from first to last.

    A pattern is a filter (`tool.call.*`, `*.failed`, `kind in [...] and payload.x > 3`); what stands beside it are
    fields of the payload: a value that it must equal, or a function that must accept it.
    """

    def __init__(self, events: Iterable[Event]) -> None:
        self.events = list(events)

    def __len__(self) -> int:
        return len(self.events)

    def __repr__(self) -> str:
        return f"<Seen: {len(self.events)} events>"

    def __str__(self) -> str:
        return self.tree()

    def tree(self) -> str:
        """All of it, as a tree."""
        from ._tree import tree

        return tree(self.events)

    def find(self, pattern: str, **where: Any) -> list[Event]:
        """The events that match; none is no failure."""
        return find(self.events, pattern, where)

    def happened(self, pattern: str, **where: Any) -> Matches:
        """It happened, at least once."""
        __tracebackhide__ = True
        matches = Matches(self, said(pattern, where), self.find(pattern, **where))
        if not matches.events:
            self.fail(f"expected {matches.what}, which didn't happen", self.near(pattern))
        return matches

    def never(self, pattern: str, **where: Any) -> None:
        """It didn't happen."""
        __tracebackhide__ = True
        self.at_most(0, pattern, **where)

    def at_most(self, count: int, pattern: str, **where: Any) -> None:
        """It happened so often, or less often."""
        __tracebackhide__ = True
        found = self.find(pattern, **where)
        if len(found) > count:
            expected = f"at most {count} times" if count else "never"
            self.fail(
                f"expected {said(pattern, where)} {expected}, but it happened {_times(len(found))}", found[count:]
            )

    def tool(self, name: str, **arguments: Any) -> Matches:
        """That tool was called, with those arguments among others."""
        __tracebackhide__ = True
        if not arguments:
            return self.happened("tool.call.started", name=name)

        def has(given: Any) -> bool:
            return isinstance(given, dict) and all(
                key in given and given[key] == value for key, value in arguments.items()
            )

        has.__name__ = f"with {arguments}"
        return self.happened("tool.call.started", name=name, arguments=has)

    def tools(self, *names: str) -> None:
        """Exactly those tools were called, in that order."""
        __tracebackhide__ = True
        calls = self.find("tool.call.started")
        called = [str(_field(call, "name")) for call in calls]
        if called != list(names):
            wrong = next((i for i, (a, b) in enumerate(zip(called, names, strict=False)) if a != b), len(names))
            self.fail(
                f"expected the tools {_list(names)}, but the calls were {_list(called)}", calls[wrong:] or calls[-1:]
            )

    def no_failures(self) -> None:
        """Nothing failed, and no error was raised."""
        __tracebackhide__ = True
        found = [event for event in self.events if event.phase == "failed" or event.kind.endswith("error.raised")]
        if found:
            self.fail(f"expected no failures, but {_times(len(found), 'thing')} failed", found)

    def all_ended(self) -> None:
        """All that was started has ended."""
        __tracebackhide__ = True
        ended = {event.correlation.get("span") for event in self.events if event.phase in _ENDS}
        found = [e for e in self.events if e.phase == "started" and e.correlation.get("span") not in ended]
        if found:
            self.fail(f"expected all to have ended, but {_times(len(found), 'thing')} didn't", found)

    @property
    def cost_usd(self) -> float:
        """What all model calls cost together, as far as they say so."""
        return float(sum(self._usage("cost_usd")))

    @property
    def tokens(self) -> int:
        """What all model calls read and wrote together."""
        return int(sum(self._usage("input_tokens")) + sum(self._usage("output_tokens")))

    def cost_under(self, usd: float) -> None:
        """All model calls together cost less."""
        __tracebackhide__ = True
        calls = self._calls()
        silent = [call for call in calls if (_field(call, "usage") or {}).get("cost_usd") is None]
        if silent:
            self.fail(
                f"expected a cost under {usd} USD, but {_times(len(silent), 'model call')} say{_s(silent)} no cost",
                silent,
            )
        if self.cost_usd >= usd:
            self.fail(f"expected a cost under {usd} USD, but it was {self.cost_usd:.6g} USD", calls)

    def tokens_under(self, count: int) -> None:
        """All model calls together read and wrote fewer tokens."""
        __tracebackhide__ = True
        if self.tokens >= count:
            self.fail(f"expected fewer than {count} tokens, but there were {self.tokens}", self._calls())

    def near(self, pattern: str) -> list[Event]:
        """What comes near to a pattern that nothing matches: the same kind, with other fields."""
        try:
            return self.find(pattern)
        except Exception:
            return []

    def fail(self, expectation: str, offending: Iterable[Event] = ()) -> None:
        """Fails with that text and the tree, the lines of those events marked."""
        __tracebackhide__ = True
        from ._tree import tree

        shown = tree(self.events, marked=offending) or "  (nothing)"
        raise AssertionError(f"{expectation}\n\nwhat happened:\n{shown}")

    def _calls(self) -> list[Event]:
        return self.find("model.call.completed") + self.find("model.call.failed")

    def _usage(self, figure: str) -> list[float]:
        return [(_field(call, "usage") or {}).get(figure) or 0 for call in self._calls()]


_ENDS = ("completed", "failed", "canceled")


def _field(event: Event, name: str) -> Any:
    from ._matches import fields

    return fields(event).get(name)


def _times(count: int, thing: str | None = None) -> str:
    if thing is not None:
        return f"{count} {thing}{'' if count == 1 else 's'}"
    return "once" if count == 1 else f"{count} times"


def _s(several: list[Event]) -> str:
    return "s" if len(several) == 1 else ""


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "(none)"
