"""What goes wrong, by what a caller can do about it; the same eight codes in every language.

Nothing is imported here: every program loads this.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any, ClassVar


class NewswireError(Exception):
    """All errors of Newswire: what went wrong, where, and what was expected instead.

    - `code`: what a caller can do about it, the same text in every language.
    - `message`: what was wrong, for people.
    - `path`: the field that it is about, such as `payload.results[3]`.
    - `column`: the column of the text that it is about, counted in characters from 1.
    - `expected`: what would have been right.
    """

    CODE: ClassVar[str] = "invalid"

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        path: str | None = None,
        column: int | None = None,
        expected: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = self.CODE if code is None else code
        self.message = message
        self.path = path
        self.column = column
        self.expected = expected

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        column = f" at column {self.column}" if self.column is not None else ""
        expected = f"; expected {self.expected}" if self.expected else ""
        return f"{where}{self.message}{column}{expected}"

    def __reduce__(self) -> tuple[Any, ...]:
        fields = {name: getattr(self, name) for name in ("code", "path", "column", "expected")}
        return _rebuild, (type(self), self.message, fields)


class InvalidError(NewswireError, ValueError):
    """The input is wrong: correct it and call again."""

    CODE = "invalid"


class ArgumentError(InvalidError, TypeError):
    """An argument is unknown or of the wrong type."""


class PayloadError(InvalidError, TypeError):
    """A payload has no JSON form; `path` says which part of it."""


class TooLargeError(NewswireError, ValueError):
    """The input is well formed but over a bound: make it smaller."""

    CODE = "too_large"


class FullError(NewswireError):
    """A queue is full now: call again later."""

    CODE = "full"


class ClosedError(NewswireError):
    """The bus or subscription is closed: nothing will ever come of this call."""

    CODE = "closed"


class WouldDeadlockError(NewswireError, RuntimeError):
    """Waiting here could never end (inside a handler, on an event loop's thread): await instead."""

    CODE = "would_deadlock"


class TimedOutError(NewswireError, TimeoutError):
    """The deadline passed first."""

    CODE = "timed_out"


class OutOfRangeError(NewswireError, LookupError):
    """A position lies outside what is kept."""

    CODE = "out_of_range"


class IoError(NewswireError, OSError):
    """The operating system refused: a file, a thread."""

    CODE = "io"


def _rebuild(cls: type[NewswireError], message: str, fields: dict[str, Any]) -> NewswireError:
    return cls(message, **fields)
