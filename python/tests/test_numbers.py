"""Numbers of events from elsewhere: what JSON may hold and 64 bits don't."""

from __future__ import annotations

import copy
import math
import pickle
import sys
from typing import Any

import pytest

from newswire import Bus, Event, InvalidError, PayloadError

from .loops import LONG

MANY = "9" * 5000


def of(members: str) -> Event:
    """An event from elsewhere that has those members."""
    identity = '"id":"019a0000-0000-7000-8000-000000000000","time":"2026-11-21T09:30:00Z"'
    return Event.from_json(f'{{{identity},"kind":"a.b",{members}}}')


def foreign(number: str) -> Event:
    return of(f'"attrs":{{"n":{number}}},"payload":{{"n":{number},"list":[1,{number}]}}')


NUMBERS: dict[str, Any] = {
    str(2**63 - 1): 2**63 - 1,
    str(2**64 - 1): 2**64 - 1,
    str(2**64): 2**64,
    str(-(2**63)): -(2**63),
    str(-(2**63) - 1): -(2**63) - 1,
    str(10**30 + 1): 10**30 + 1,
    "-0": 0,
    "-0.0": -0.0,
    "1e20": 1e20,
    "1.5e300": 1.5e300,
    "1e400": math.inf,
    "-1e400": -math.inf,
}


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_is_read_as_python_reads_it(text: str) -> None:
    event, number = foreign(text), NUMBERS[text]
    for told in (event.payload["n"], event.payload["list"][1], event.attrs["n"], event.to_dict()["payload"]["n"]):
        assert (type(told), told) == (type(number), number)
        assert math.copysign(1, told) == math.copysign(1, number)


@pytest.mark.parametrize("text", NUMBERS)
def test_what_has_it_is_compared_copied_and_delivered_as_it_was_written(text: str) -> None:
    event = foreign(text)
    with Bus() as bus:
        events = bus.subscribe("*")
        bus.publish(event)
        delivered = events.next(LONG)
    for other in (pickle.loads(pickle.dumps(event)), copy.deepcopy(event), delivered):
        assert other == event and hash(other) == hash(event)
        assert other.payload == event.payload
        assert other.payload_json() == event.payload_json() and text in str(event.payload_json())


def test_an_integer_of_more_digits_than_python_converts_is_told_with_the_way_out() -> None:
    event = foreign(MANY)
    for read in (lambda: event.payload, lambda: event.attrs, event.to_dict):
        with pytest.raises(InvalidError, match=r"limit.*set_int_max_str_digits.*payload_json"):
            read()
    assert MANY in str(event.payload_json())
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(len(MANY))
    try:
        assert event.payload["n"] == int(MANY)
    finally:
        sys.set_int_max_str_digits(before)


@pytest.mark.parametrize("text", [str(2**64), "1e400"])
def test_it_is_published_as_the_event_that_has_it_not_as_a_value(text: str) -> None:
    with Bus() as bus, pytest.raises(PayloadError) as told:
        bus.publish(Event("a.b", foreign(text).payload))
    assert told.value.path == "payload.n"


def test_half_a_surrogate_pair_beside_it_is_refused_as_ever() -> None:
    assert of('"payload":{"n":1e400,"text":"\\ud83d\\ude00"}').payload["text"] == "\U0001f600"
    with pytest.raises(InvalidError, match="surrogate"):
        of('"payload":{"n":1e400,"text":"\\ud800"}')
