"""Measures what it is named: `python benches/python bench [--short] PY1 PY2 ...`, or `soak R40 ...`; without names, all."""

from __future__ import annotations

import sys
from collections.abc import Callable


def goals(command: str) -> dict[str, Callable[[bool], None]]:
    """By their names; each is told whether the short form is wanted."""
    if command == "soak":
        from soaks import SOAKS

        return SOAKS
    from goals import GOALS

    return GOALS


def main(command: str, words: list[str]) -> int:
    known = goals(command)
    short = "--short" in words
    names = [word for word in words if word != "--short"] or list(known)
    unknown = [name for name in names if name not in known]
    if unknown:
        print(
            f"no goal is called {unknown[0]!r}; there are: {' '.join(known)}",
            file=sys.stderr,
        )
        return 2
    for name in names:
        known[name](short)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
