"""What ready-made views know at one moment: the core's snapshots, read from their JSON."""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, ClassVar


class Snapshot:
    """Named figures; what isn't known is None. Figures that a later core adds are attributes as well."""

    # Attributes that are snapshots themselves, or lists of them, or tables of them (`by_...`).
    _PARTS: ClassVar[Mapping[str, type[Snapshot]]] = {}

    def __init__(self, fields: Mapping[str, Any]) -> None:
        for name, value in fields.items():
            self.__dict__[name] = self._read(name, value)

    def _read(self, name: str, value: Any) -> Any:
        part = self._PARTS.get(name)
        if part is None:
            return value
        if isinstance(value, list):
            return [part(one) for one in value]
        if name.startswith("by_"):
            return {key: part(one) for key, one in value.items()}
        return part(value)

    def __eq__(self, other: object) -> bool:
        return self.__dict__ == other.__dict__ if type(other) is type(self) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it holds lists and tables

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({fields})"


class UsageTally(Snapshot):
    """The sum over some model calls; totals include their parts."""

    calls: int
    failed: int
    canceled: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_usd: float
    priced_usd: float

    @property
    def tokens(self) -> int:
        """Tokens read and written."""
        return self.input_tokens + self.output_tokens

    @property
    def known_usd(self) -> float:
        """What all of them cost: what was told, and what was priced by the list."""
        return self.cost_usd + self.priced_usd


class UsageSnapshot(Snapshot):
    """What a `UsageMeter` knows."""

    total: UsageTally
    by_model: dict[str, UsageTally]
    by_provider: dict[str, UsageTally]
    by_agent: dict[str, UsageTally]
    by_run: dict[str, UsageTally]
    ungrouped: int
    unreadable: int
    missed: int
    _PARTS: ClassVar[Mapping[str, type[Snapshot]]] = dict.fromkeys(
        ("total", "by_model", "by_provider", "by_agent", "by_run"), UsageTally
    )


class ComponentStatus(Snapshot):
    """One component's status: `running`, `completed`, `failed` or `canceled`."""

    scope: str
    label: str
    status: str
    run: str | None = None
    span: str | None = None
    started_ns: int | None = None
    duration_ns: int | None = None
    said: str | None = None


class StatusSnapshot(Snapshot):
    """What a `StatusTracker` knows."""

    running: int
    completed: int
    failed: int
    canceled: int
    components: list[ComponentStatus]
    forgotten: int
    unreadable: int
    missed: int
    _PARTS: ClassVar[Mapping[str, type[Snapshot]]] = {"components": ComponentStatus}


class LatencyRow(Snapshot):
    """How long the occurrences of one component took, in nanoseconds."""

    scope: str
    operation: str
    count: int
    failed: int
    canceled: int
    timed: int
    sum_ns: int
    min_ns: int
    p50_ns: int
    p95_ns: int
    p99_ns: int
    max_ns: int
    label: str | None = None


class LatencySnapshot(Snapshot):
    """What a `LatencyProfile` knows."""

    rows: list[LatencyRow]
    forgotten: int
    unreadable: int
    missed: int
    _PARTS: ClassVar[Mapping[str, type[Snapshot]]] = {"rows": LatencyRow}


class CallUsage(Snapshot):
    """Tokens and cost of some calls; totals include their parts."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_usd: float | None = None


class TraceNode(Snapshot):
    """One operation of a tree; `status` is `running` while it is open."""

    depth: int
    scope: str
    operation: str
    label: str
    orphan: bool
    status: str
    run: str | None = None
    span: str | None = None
    parent_span: str | None = None
    started_ns: int | None = None
    duration_ns: int | None = None
    said: str | None = None
    usage: CallUsage | None = None
    _PARTS: ClassVar[Mapping[str, type[Snapshot]]] = {"usage": CallUsage}


class TraceSnapshot(Snapshot):
    """What a `TraceTree` knows: each operation is followed by its parts, which stand one deeper."""

    nodes: list[TraceNode]
    open: int
    orphans: int
    forgotten: int
    unreadable: int
    missed: int
    _PARTS: ClassVar[Mapping[str, type[Snapshot]]] = {"nodes": TraceNode}


class CallTally(Snapshot):
    """What some calls came to; durations in nanoseconds."""

    calls: int
    failed: int
    canceled: int
    open: int
    retries: int
    timed: int
    p50_ns: int
    p95_ns: int
    p99_ns: int
    max_ns: int
    usage: CallUsage
    output_tokens_per_second: float | None = None
    calls_per_minute: float | None = None
    forgotten: int = 0
    _PARTS: ClassVar[Mapping[str, type[Snapshot]]] = {"usage": CallUsage}


class CallSnapshot(Snapshot):
    """What a `CallMeter` knows."""

    model_calls: CallTally
    tool_calls: CallTally
    by_model: dict[str, CallTally]
    by_provider: dict[str, CallTally]
    by_tool: dict[str, CallTally]
    by_agent: dict[str, CallTally]
    by_run: dict[str, CallTally]
    ungrouped: int
    forgotten: int
    unreadable: int
    missed: int
    _PARTS: ClassVar[Mapping[str, type[Snapshot]]] = dict.fromkeys(
        ("model_calls", "tool_calls", "by_model", "by_provider", "by_tool", "by_agent", "by_run"), CallTally
    )


class CensusSnapshot(Snapshot):
    """What a `Census` knows."""

    events: int
    by_kind: dict[str, int]
    runs: int
    more_runs: bool
    times_back: int
    missed: int
    first_ns: int | None = None
    last_ns: int | None = None


class RunRow(Snapshot):
    """What a run came to."""

    run: str
    state: str
    lasted_ns: int
    events: int
    agents: list[str]
    more_agents: bool
    turns: int
    model_calls: int
    tool_calls: int
    failed_calls: int
    canceled_calls: int
    open_calls: int
    retries: int
    errors: int
    usage: CallUsage
    unreadable: int
    session: str | None = None
    started_ns: int | None = None
    last_ns: int | None = None
    _PARTS: ClassVar[Mapping[str, type[Snapshot]]] = {"usage": CallUsage}


class RunsSnapshot(Snapshot):
    """What a `RunTable` knows."""

    runs: list[RunRow]
    untold: int
    missed: int
    _PARTS: ClassVar[Mapping[str, type[Snapshot]]] = {"runs": RunRow}
