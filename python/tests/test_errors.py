"""Errors say what a caller can do, keep their fields, and are what Python's own handlers expect."""

import copy
import pickle

import pytest

from newswire import errors
from newswire.errors import NewswireError

KINDS = {
    errors.InvalidError: ("invalid", ValueError),
    errors.ArgumentError: ("invalid", TypeError),
    errors.PayloadError: ("invalid", TypeError),
    errors.TooLargeError: ("too_large", ValueError),
    errors.FullError: ("full", NewswireError),
    errors.ClosedError: ("closed", NewswireError),
    errors.WouldDeadlockError: ("would_deadlock", RuntimeError),
    errors.TimedOutError: ("timed_out", TimeoutError),
    errors.OutOfRangeError: ("out_of_range", LookupError),
    errors.IoError: ("io", OSError),
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_keeps_its_fields_also_when_pickled_and_copied(kind: type[NewswireError]) -> None:
    code, builtin = KINDS[kind]
    error = kind("no such thing", path="payload.a[3]", column=7, expected="a number")
    for one in (error, pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(one) is kind
        assert isinstance(one, builtin)
        assert isinstance(one, NewswireError)
        assert (one.code, one.message, one.path, one.column) == (code, "no such thing", "payload.a[3]", 7)
        assert one.expected == "a number"
        assert str(one) == "payload.a[3]: no such thing at column 7; expected a number"


def test_an_error_of_the_system_is_caught_as_one() -> None:
    with pytest.raises(OSError, match="no space left"):
        raise errors.IoError("no space left")


def test_every_error_class_is_covered() -> None:
    found = {cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, NewswireError)}
    assert found - {NewswireError} == set(KINDS)
