"""Ready-made views of the core: what can be learned from events as they go by.

meter = bus.watch(UsageMeter())
...
print(meter.snapshot().total.cost_usd)
"""

from __future__ import annotations

from . import snapshots
from ._arguments import all_told
from ._typing import Generic
from .subscription import place

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, ClassVar, Self, TypeVar

    from . import _native
    from ._bus import Bus

    S = TypeVar("S", bound=snapshots.Snapshot)
else:
    S = object


@all_told()
class View(Generic[S]):
    """A view that `bus.watch` has see every event; `UsageMeter(bus)` does both at once.

    - `capacity`: how many operations, groups or runs it remembers.
    - `start`: where it begins, as in `bus.subscribe`.
    - `internal`: whether internal events count.
    """

    NAME: ClassVar[str]
    _SNAPSHOT: type[S]

    def __init_subclass__(cls) -> None:
        all_told()(cls)

    def __init__(
        self, bus: Bus | None = None, *, capacity: int | None = None, start: Any = None, internal: bool = False
    ) -> None:
        self._options: dict[str, Any] = {"capacity": capacity, "start": place(start), "internal": internal}
        self._native: _native.View | None = None
        self._last: S | None = None
        if bus is not None:
            bus.watch(self)

    def options(self) -> str:
        """What the core is told, as JSON."""
        import json

        said = {name: value for name, value in self._options.items() if value is not None and value is not False}
        return json.dumps(said)

    def begin(self, native: _native.View) -> None:
        """Called by `bus.watch`."""
        self._native = native

    def snapshot(self) -> S:
        """What has been learned until now."""
        import json

        if self._last is not None:
            return self._last
        if self._native is None:
            from .errors import InvalidError

            raise InvalidError("the view watches no bus", expected="bus.watch(view) before it")
        return self._SNAPSHOT(json.loads(self._native.snapshot()))

    def stop(self) -> None:
        """Sees no further events; what it knows stays."""
        if self._native is not None and self._last is None:
            self._last = self.snapshot()
            self._native.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class UsageMeter(View[snapshots.UsageSnapshot]):
    """Tokens and cost of model calls: in all, by model, provider, agent and run.

    `prices` prices calls that don't tell their cost: `{"gpt-5*": {"input": 1.25, "output": 10, "cache_read": 0.125}}`,
    in US dollars by the million tokens; the first pattern that fits a model is taken. As JSON they have at most 1 MiB.
    """

    NAME = "usage"
    _SNAPSHOT = snapshots.UsageSnapshot

    def __init__(
        self,
        bus: Bus | None = None,
        *,
        prices: Mapping[str, Mapping[str, float]] | None = None,
        capacity: int | None = None,
        start: Any = None,
        internal: bool = False,
    ) -> None:
        super().__init__(capacity=capacity, start=start, internal=internal)
        self._options["prices"] = [{"model": model, **price} for model, price in (prices or {}).items()] or None
        if bus is not None:
            bus.watch(self)


class StatusTracker(View[snapshots.StatusSnapshot]):
    """What state each component is in: running, completed, failed, canceled."""

    NAME = "status"
    _SNAPSHOT = snapshots.StatusSnapshot


class LatencyProfile(View[snapshots.LatencySnapshot]):
    """How long operations take, by component: count, shortest, percentiles, longest."""

    NAME = "latency"
    _SNAPSHOT = snapshots.LatencySnapshot


class TraceTree(View[snapshots.TraceSnapshot]):
    """Runs as trees: what happened within what, how long it took, what failed, what is open."""

    NAME = "trace"
    _SNAPSHOT = snapshots.TraceSnapshot


class CallMeter(View[snapshots.CallSnapshot]):
    """Calls of models and tools: how many, failures, durations, tokens; by model, tool, agent and run."""

    NAME = "calls"
    _SNAPSHOT = snapshots.CallSnapshot


class Census(View[snapshots.CensusSnapshot]):
    """How many events of each kind there are, and of how many runs."""

    NAME = "census"
    _SNAPSHOT = snapshots.CensusSnapshot


class RunTable(View[snapshots.RunsSnapshot]):
    """A row for each run: when, how far, calls, tokens, cost, errors."""

    NAME = "runs"
    _SNAPSHOT = snapshots.RunsSnapshot
