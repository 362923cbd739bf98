"""What a run says: one JSON line a goal on standard output, a sentence for people on standard error."""

from __future__ import annotations

import json
import sys
from typing import Any


def at_most(
    id: str, value: float, limit: float, unit: str, peer: str, **detail: Any
) -> None:
    """The value may be this at most."""
    _print(id, value, limit, unit, peer, "lower", value <= limit, detail)


def at_least(
    id: str, value: float, limit: float, unit: str, peer: str, **detail: Any
) -> None:
    """The value must be this at least."""
    _print(id, value, limit, unit, peer, "higher", value >= limit, detail)


def _print(
    id: str,
    value: float,
    limit: float,
    unit: str,
    peer: str,
    better: str,
    met: bool,
    detail: dict[str, Any],
) -> None:
    value = round(value, 3)
    line = {
        "id": id,
        "value": value,
        "limit": limit,
        "unit": unit,
        "pass": met,
        "better": better,
        "peer": peer,
    }
    figures = {
        name: round(figure, 1) if isinstance(figure, float) else figure
        for name, figure in detail.items()
    }
    print(json.dumps(line | {"detail": figures}), flush=True)
    verdict = "met" if met else "NOT MET"
    print(
        f"{id:14} {verdict:7}  {value} {unit} (limit {limit}, {better} is better)  {figures}",
        file=sys.stderr,
    )
