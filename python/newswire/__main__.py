"""`python -m newswire` and the `newswire` script: the same command line as the binary's, in the same Rust code."""

from __future__ import annotations

import sys

from . import _native


def main() -> int:
    """Runs the command line on the process's own streams; returns its exit code."""
    return _native.run(["newswire", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
