"""An application's own payload classes are published, subscribed to and given back as what they are."""

from __future__ import annotations

import datetime
import enum
import pathlib
import resource
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypedDict

import pydantic
import pytest

import newswire
from newswire import ArgumentError, Bus, Event, PayloadError, TooLargeError
from newswire.payloads import ToolCallStarted


class Colour(enum.Enum):
    RED = "red"


@newswire.payload("deploy.finished")
@dataclass
class DeployFinished:
    service: str
    took_ns: int = 0
    labels: list[str] = field(default_factory=list)


@newswire.payload("order.placed")
class OrderPlaced(TypedDict):
    number: int


@newswire.payload("mail.sent")
class MailSent(pydantic.BaseModel):
    to: str
    at: datetime.datetime


class Point:
    KIND = "point.moved"

    def __init__(self, x: int) -> None:
        self.x = x

    def to_dict(self) -> dict[str, Any]:
        return {"x": self.x}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Point:
        return cls(fields["x"])


def test_a_dataclass_comes_back_as_one() -> None:
    bus = Bus()
    events = bus.subscribe(DeployFinished)
    bus.publish(DeployFinished("api", 5, ["canary"]))
    event = events.next(timeout=1)
    assert event.kind == "deploy.finished"
    assert event.payload == DeployFinished("api", 5, ["canary"])
    assert event.json().count('"service":"api"') == 1


def test_a_field_that_a_class_does_not_know_is_left_out() -> None:
    assert Event("deploy.finished", {"service": "api", "later": 1}).payload == DeployFinished("api")


def test_a_payload_that_does_not_fit_is_an_error_of_its_reader() -> None:
    for event in (
        Event("deploy.finished", {"took_ns": 1}),
        Event("mail.sent", {"to": 7}),
        Event("tool.call.started", {"x": 1}),
    ):
        with pytest.raises(newswire.InvalidError) as caught:
            event.payload  # noqa: B018
        assert caught.value.path == "payload"
        assert event.to_dict()["payload"]


def test_a_typed_dictionary_is_subscribed_to_by_its_class() -> None:
    bus = Bus()
    events = bus.subscribe(OrderPlaced)
    bus.publish("order.placed", number=7)
    assert events.next(timeout=1).payload == {"number": 7}


def test_a_pydantic_model_comes_back_as_one() -> None:
    bus = Bus()
    events = bus.subscribe(MailSent)
    at = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    bus.publish(MailSent(to="a@b.example", at=at))
    assert events.next(timeout=1).payload == MailSent(to="a@b.example", at=at)


def test_a_class_that_makes_and_reads_dictionaries_will_do() -> None:
    newswire.payload("point.moved")(Point)
    bus = Bus()
    seen: list[int] = []
    bus.on(Point, lambda event: seen.append(event.payload.x), mode="inline")
    bus.publish(Point(3))
    assert seen == [3]


def test_what_was_never_registered_is_published_by_kind_and_comes_back_as_a_dictionary() -> None:
    @dataclass
    class Moved:
        x: int

    bus = Bus()
    events = bus.subscribe("piece.moved")
    bus.publish(Event("piece.moved", Moved(3)))
    assert events.next(timeout=1).payload == {"x": 3}
    with pytest.raises(ArgumentError, match="Moved has no kind"):
        bus.publish(Moved(3))
    with pytest.raises(ArgumentError, match="Moved has no kind"):
        bus.subscribe(Moved)


@pytest.mark.parametrize(
    ("value", "becomes"),
    [
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (pathlib.Path("a/b"), "a/b"),
        (Colour.RED, "red"),
        ((1, 2), [1, 2]),
        (DeployFinished("api"), {"service": "api", "took_ns": 0, "labels": []}),
        ({"nested": [ToolCallStarted("search")]}, {"nested": [{"name": "search"}]}),
    ],
    ids=str,
)
def test_what_has_a_usual_form_in_json_gets_it(value: object, becomes: object) -> None:
    assert Event("a.b", {"value": value}).payload == {"value": becomes}


def _cycle() -> dict[str, Any]:
    made: dict[str, Any] = {}
    made["self"] = made
    return made


def _deep() -> list[Any]:
    made: list[Any] = []
    for _ in range(100_000):
        made = [made]
    return made


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({1, 2}, "payload.results[3]"),
        (object(), "payload.results[3]"),
        (float("nan"), "payload.results[3]"),
        (float("inf"), "payload.results[3]"),
        ("\ud800", "payload.results[3]"),
        ({1: "a"}, "payload.results[3]"),
        (lambda: None, "payload.results[3]"),
    ],
    ids=["set", "object", "nan", "inf", "surrogate", "key", "function"],
)
def test_what_is_not_json_is_told_with_its_place(value: object, path: str) -> None:
    bus = Bus()
    events = bus.subscribe("*")
    with pytest.raises(PayloadError) as caught:
        bus.publish("a.b", results=[1, 2, 3, value])
    assert (caught.value.path or "").startswith(path)
    assert caught.value.code == "invalid"
    assert events.next_batch(timeout=0) == []


@pytest.mark.parametrize("made", [_cycle, _deep])
def test_what_never_ends_is_refused(made: Callable[[], object]) -> None:
    with pytest.raises(newswire.InvalidError):
        Event("a.b", {"value": made()})


def test_the_kind_that_a_class_is_said_to_be_of_goes_before_what_it_inherits() -> None:
    @newswire.payload("search.started")
    class SearchStarted(ToolCallStarted):
        pass

    @newswire.payload("deploy.begun")
    @dataclass
    class DeployBegun:
        KIND = "not this"
        service: str

    bus = Bus()
    for payload in (SearchStarted(name="web"), DeployBegun("api")):
        events = bus.subscribe(type(payload))
        bus.publish(payload)
        found = events.next(1)
        assert type(found.payload) is type(payload)
        events.close()
    assert ToolCallStarted.KIND == "tool.call.started"


def test_a_class_that_is_registered_while_its_kind_is_asked_after_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass
    class Late:
        number: int

    def class_of(kind: str) -> None:
        newswire.payload(kind)(Late)

    with monkeypatch.context() as patched:
        patched.setattr("newswire.payloads.class_of", class_of)
        assert Event("late.registered", {"number": 1}).payload
    assert Event("late.registered", {"number": 2}).payload == Late(2)


def test_a_text_that_stands_in_a_list_many_times_is_refused_before_it_is_written_as_often() -> None:
    text = "x" * 1_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for payload in ([text] * 500, {str(place): text for place in range(500)}):
        with pytest.raises(TooLargeError):
            Event("a.b", payload)
    taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    # In KiB, except there.
    assert taken < (100 << 20 if sys.platform == "darwin" else 100 << 10)


def test_only_classes_can_be_payload_classes() -> None:
    with pytest.raises(ArgumentError, match="class"):
        newswire.payload("a.b")(7)  # type: ignore[type-var]
    with pytest.raises(ArgumentError, match="no payload class"):
        newswire.payload("a.b")(int)


def test_a_pattern_is_a_text_or_a_class() -> None:
    with pytest.raises(ArgumentError, match="pattern"):
        Bus().subscribe(7)  # type: ignore[call-overload]
    with pytest.raises(newswire.InvalidError) as caught:
        Bus().subscribe("tool.* and nonsense(")
    assert caught.value.column is not None
