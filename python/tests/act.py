"""What each step of a scenario does, in terms of the package."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

import newswire
from newswire import _native
from newswire.errors import ClosedError

from .compare import Differs
from .stage import LONG, Failed, Heard, Stage, Task, item_of

# Fields of an event that only whole ones have.
_WHOLE = {"id", "time", "seq", "origin"}

_PUBLISHED = ("seq", "matched", "delivered", "deferred", "dropped", "blocked")


def seconds(nanos: int | None) -> float:
    return LONG if nanos is None else nanos / 1e9


def natural(options: dict[str, Any]) -> dict[str, Any]:
    """Options as Python has them: times in seconds."""
    return {name.removesuffix("_ns"): value / 1e9 if name.endswith("_ns") else value for name, value in options.items()}


def pair(names: dict[str, str] | None, first: str, second: str) -> Any:
    """A source or component as Python has it."""
    if names is None:
        return None
    return (names[first], names[second]) if second in names else names[first]


def event_of(described: Any) -> newswire.Event:
    """The event that a scenario describes: by its kind alone, in parts, or as on the wire."""
    if isinstance(described, str):
        return newswire.Event(described)
    if _WHOLE & described.keys():
        usual = newswire.Event("usual.made").to_dict()
        return newswire.Event.from_json(json.dumps({"id": usual["id"], "time": usual["time"], **described}))
    parts = dict(described)
    source, component = parts.pop("source", None), parts.pop("component", None)
    return newswire.Event(
        parts.pop("kind"),
        parts.pop("payload", None),
        source=pair(source, "component", "name"),
        component=pair(component, "scope", "id"),
        **parts,
    )


def published(result: Any) -> dict[str, Any]:
    return {field: getattr(result, field) for field in _PUBLISHED}


def balanced(stats: dict[str, Any], *lists: str) -> dict[str, Any]:
    """Numbers whose books balance whenever they are looked at."""
    for one in [stats, *(one for name in lists for one in stats.get(name, ()))]:
        books = dict(one.get("books", {"matched": 0}))
        if books.pop("matched") != sum(books.values()):
            raise Differs(f"the books of {one['name']} don't balance: {books}")
    return stats


class Actions:
    """A method for each word that a step may say after `do`; `bus` and `of` name what it is about."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._bus = "bus"

    def act(self, do: str, name: str | None, fields: dict[str, Any]) -> Any:
        if "of" in fields:
            fields["of"] = self._thing(fields["of"])
        made = {"name_": name} if do in _MAKES else {}
        return getattr(self, f"do_{do}")(bus=self._bus_of(fields.pop("bus", "bus"), do), **made, **fields)

    def _thing(self, name: str) -> Any:
        if name not in self._stage.things:
            raise Differs(f"nothing is called {name!r}")
        return self._stage.things[name]

    def _bus_of(self, name: str, do: str) -> newswire.Bus:
        things = self._stage.things
        with self._stage.lock:
            if name == "bus" and name not in things and do != "bus":
                things[name] = newswire.Bus()
        bus: newswire.Bus = things.get(name)  # type: ignore[assignment]  # `bus` itself needs none
        return bus

    def _keep(self, name: str | None, thing: Any) -> None:
        if name is None:
            raise Differs("the step needs a name for what it makes: as")
        self._stage.things[name] = thing

    def do_bus(self, bus: newswire.Bus, name_: str, **options: Any) -> None:
        self._keep(name_, newswire.Bus(options.pop("name", ""), **options))

    def do_publish(self, bus: newswire.Bus, event: Any, times: int = 1) -> Any:
        result = None
        for _ in range(times):
            result = published(bus.publish(event_of(event)))
        return result

    def do_try_publish(self, bus: newswire.Bus, event: Any) -> Any:
        return published(bus.try_publish(event_of(event)))

    def do_publish_async(self, bus: newswire.Bus, name_: str, event: Any) -> None:
        self._keep(name_, bus.publishing(event_of(event)))

    def do_publish_durable(self, bus: newswire.Bus, name_: str, event: Any) -> Any:
        receipt = bus.publish_durable(event_of(event))
        self._keep(name_, receipt)
        return published(receipt.published)

    def do_publish_batch(self, bus: newswire.Bus, events: list[Any]) -> Any:
        return [published(one) for one in bus.publish_batch([event_of(event) for event in events])]

    def do_subscribe(self, bus: newswire.Bus, name_: str, filter: str, **options: Any) -> None:
        self._keep(name_, bus.subscribe(filter, gaps="yield", **natural(options)))

    def do_handle(self, bus: newswire.Bus, name_: str, filter: str, does: Iterable[Any] = (), **options: Any) -> None:
        kind = Heard if options.get("mode") == "inline" else self._stage.handlers
        heard = kind(self._stage, list(does))
        heard.listener = bus.on(filter, heard, on_gap=heard.on_gap, **natural(options))
        self._keep(name_, heard)

    def do_take(self, bus: newswire.Bus, of: Any, count: int | None = None, timeout_ns: int | None = None) -> Any:
        items: list[Any] = []
        deadline = time.monotonic() + seconds(timeout_ns)
        try:
            if count is None:
                while batch := of.next_batch(timeout=0):
                    items.extend(map(item_of, batch))
            else:
                while len(items) < count:
                    items.append(item_of(of.next(max(deadline - time.monotonic(), 0))))
        except ClosedError:
            items.append("end")
        return items

    def do_calls(self, bus: newswire.Bus, of: Heard, count: int = 0) -> Any:
        return of.calls(count)

    def do_wait_at(self, bus: newswire.Bus, gate: str) -> None:
        self._stage.gate(gate).wait()

    def do_arrived(self, bus: newswire.Bus, gate: str, count: int = 1) -> None:
        self._stage.gate(gate).arrived(count)

    def do_open(self, bus: newswire.Bus, gate: str) -> None:
        self._stage.gate(gate).open()

    def do_pause(self, bus: newswire.Bus, of: Any) -> None:
        served(of).pause()

    def do_resume(self, bus: newswire.Bus, of: Any) -> None:
        served(of).resume()

    def do_resize(self, bus: newswire.Bus, of: Any, buffer: int, buffer_bytes: int = 16 << 20) -> None:
        served(of).resize(buffer, buffer_bytes)

    def do_unsubscribe(self, bus: newswire.Bus, of: Any, timeout_ns: int | None = None) -> Any:
        if isinstance(of, Heard):
            return served(of).unsubscribe(seconds(timeout_ns))
        return of.close() if isinstance(of, newswire.Subscription) else of.remove()

    def do_stats(self, bus: newswire.Bus, of: Any = None) -> Any:
        if of is None:
            return balanced(bus.stats(), "subscriptions", "ended")
        return balanced(served(of).stats())

    def do_position(self, bus: newswire.Bus, of: Any = None) -> Any:
        return (bus if of is None else of).position()

    def do_wants(self, bus: newswire.Bus, kind: str) -> Any:
        return bus.wants(kind)

    def do_select(self, bus: newswire.Bus, filter: str, events: list[Any]) -> Any:
        own = newswire.Bus()
        matching = own.subscribe(filter, internal=True)
        for described in events:
            own.publish(event_of(described))
        return [event.seq - 1 for event in matching.next_batch(timeout=0) if event.seq is not None]

    def do_request(self, bus: newswire.Bus, event: Any, timeout_ns: int | None = None) -> Any:
        return bus.request(event_of(event), seconds(timeout_ns)).wait().to_dict()

    def do_wait_for(self, bus: newswire.Bus, filter: str, timeout_ns: int | None = None) -> Any:
        return bus.wait_for(filter, seconds(timeout_ns)).wait().to_dict()

    def do_close(self, bus: newswire.Bus, timeout_ns: int | None = None) -> Any:
        return balanced(bus.close(seconds(timeout_ns)), "subscriptions")

    def do_join(self, bus: newswire.Bus, of: Task) -> Any:
        return of.join()

    def do_await(self, bus: newswire.Bus, of: Any, timeout_ns: int | None = None) -> Any:
        result = of.wait(seconds(timeout_ns))
        return None if isinstance(of, newswire.Receipt) else published(result)

    def do_emitter(self, bus: newswire.Bus, name_: str, **context: Any) -> None:
        ids = {name if name.endswith("_type") else f"{name}_id": id for name, id in context.pop("scope", {}).items()}
        source = pair(context.pop("source", None), "component", "name")
        tags = tuple(context.pop("tags", ()))
        emitter = bus.emitter(source=source, tags=tags, **context, **ids)
        # What is wrong is told where it is given, and an emitter makes its native part when it first emits.
        emitter.event("context.checked")
        self._keep(name_, emitter)

    def do_emit(self, bus: newswire.Bus, of: Any, kind: str, payload: Any = None, message: str | None = None) -> Any:
        return published(of.emit(kind, payload, message=message))

    def do_begin(self, bus: newswire.Bus, name_: str, of: Any, operation: str, label: str) -> Any:
        guard = getattr(of, operation.replace(".", "_"))(label).begin()
        self._keep(name_, guard)
        return {"span": guard.span, "trace": guard.trace}

    def do_progress(self, bus: newswire.Bus, of: Any, message: str) -> None:
        of.progress(message)

    def do_end(self, bus: newswire.Bus, of: Any, how: str, **outcome: Any) -> None:
        end = {"completed": of.complete, "failed": of.fail, "canceled": of.cancel}[how]
        end(*outcome.values())

    def do_within(self, bus: newswire.Bus, name_: str, of: Any) -> None:
        self._keep(name_, of.emitter)

    def do_enrich(self, bus: newswire.Bus, name_: str, breaks: bool = False, **additions: Any) -> None:
        def enrich(event: Any) -> None:
            for name, value in additions.get("attrs", {}).items():
                event.attr(name, value)
            for tag in additions.get("tags", ()):
                event.tag(tag)
            for name, value in additions.get("scope", {}).items():
                event.scope(name, value)
            for name in additions.keys() & {"message", "severity"}:
                getattr(event, name)(additions[name])
            if breaks:
                raise Failed("the enricher was told to fail")

        self._keep(name_, bus.enrich(enrich))

    def do_redact(self, bus: newswire.Bus, **rule: Any) -> None:
        bus.redact(**{"class_" if name == "class" else name: value for name, value in rule.items()})

    def do_attach(self, bus: newswire.Bus, name_: str, url: str) -> None:
        self._keep(name_, bus.attach(url))

    def do_flush(self, bus: newswire.Bus, of: Any, timeout_ns: int | None = None) -> None:
        of.flush(seconds(timeout_ns))

    def do_detach(self, bus: newswire.Bus, of: Any) -> None:
        of.detach()

    def do_watch(self, bus: newswire.Bus, name_: str, view: str) -> None:
        self._keep(name_, _native.Bus.watch(bus, view))

    def do_snapshot(self, bus: newswire.Bus, of: Any) -> Any:
        return json.loads(of.snapshot())


def served(thing: Any) -> Any:
    """A handler's listener; anything else is itself."""
    return thing.listener if isinstance(thing, Heard) else thing


_MAKES = {
    "bus", "publish_async", "publish_durable", "subscribe", "handle", "emitter", "begin", "within", "enrich", "attach",
    "watch",
}  # fmt: skip
