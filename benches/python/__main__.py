"""Measures what it is named: `python benches/python [--short] PY1 PY2 ...`; without names, all goals."""

from __future__ import annotations

import sys


def main(words: list[str]) -> int:
    from goals import GOALS

    short = "--short" in words
    names = [word for word in words if word != "--short"] or list(GOALS)
    unknown = [name for name in names if name not in GOALS]
    if unknown:
        print(
            f"no goal is called {unknown[0]!r}; there are: {' '.join(GOALS)}",
            file=sys.stderr,
        )
        return 2
    for name in names:
        GOALS[name](3 if short else 21)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
