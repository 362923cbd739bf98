"""The stage of one scenario: everything that its steps have made, by name, and the doing of steps."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import newswire
from newswire.errors import NewswireError

from .compare import Differs, Names

# Longer than anything takes; a wait of this length has failed.
LONG = 60.0

Step = dict[str, Any]


class Gate:
    """What handlers wait at: it knows how many have come, and whether it is open."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._arrived = 0
        self._is_open = False

    def wait(self) -> None:
        with self._changed:
            self._arrived += 1
            self._changed.notify_all()
            self._until(lambda: self._is_open)

    def arrived(self, count: int) -> None:
        with self._changed:
            self._until(lambda: self._arrived >= count)

    def open(self) -> None:
        with self._changed:
            self._is_open = True
            self._changed.notify_all()

    def _until(self, true: Callable[[], bool]) -> None:
        if not self._changed.wait_for(true, LONG):
            raise Differs("nothing happened at the gate")


class Failed(Exception):
    """What a handler was told to fail with."""


class Heard:
    """A handler: keeps what it was given, in the order in which its calls began, and does its steps."""

    def __init__(self, stage: Stage, steps: list[Step]) -> None:
        self._stage = stage
        self._steps = steps
        self._calls: list[Any] = []
        self._more = threading.Condition()
        self.listener: newswire.Listener | None = None

    def __call__(self, event: newswire.Event) -> Any:
        given = event.to_dict()
        self._note(given)
        self._serve(given)

    def _serve(self, given: Any) -> None:
        for at, step in enumerate(self._steps, 1):
            if "when" in step and not is_like(step["when"], given):
                continue
            if step["do"] == "fail":
                raise Failed(step["message"])
            try:
                self._stage.step({name: value for name, value in step.items() if name != "when"}, given)
            except Exception as why:
                self._stage.failures.append(f"the handler's step {at} ({step['do']}): {why!r}")

    def on_gap(self, gap: newswire.Gap) -> None:
        self._note(item_of(gap))

    def calls(self, count: int) -> list[Any]:
        """What it was given, once it was given so much."""
        with self._more:
            if not self._more.wait_for(lambda: len(self._calls) >= count, LONG):
                raise Differs(f"it was called {len(self._calls)} times, not {count}")
            return list(self._calls)

    def _note(self, call: Any) -> None:
        with self._more:
            self._calls.append(call)
            self._more.notify_all()


class HeardOnLoop(Heard):
    """As `Heard`, an `async def` handler; its steps, which may wait, are done beside the loop."""

    async def __call__(self, event: newswire.Event) -> None:
        given = event.to_dict()
        self._note(given)
        await asyncio.to_thread(self._serve, given)


class Task:
    """A step that a thread of its own does."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], Any]) -> None:
        try:
            self._result = work()
        except BaseException as error:
            self._error = error

    def join(self) -> Any:
        self._thread.join(LONG)
        if self._thread.is_alive():
            raise Differs("the step in the background doesn't end")
        if self._error is not None:
            raise self._error
        return self._result


class Stage:
    """Plays a scenario; `act` gives what a step comes to."""

    def __init__(self, folder: Path, handlers: type[Heard] = Heard) -> None:
        from .act import Actions

        self.handlers = handlers
        self.names = Names(folder=str(folder))
        self.things: dict[str, Any] = {}
        self.failures: list[str] = []
        self._gates: dict[str, Gate] = {}
        self.lock = threading.Lock()
        self._actions = Actions(self)

    def play(self, scenario: dict[str, Any]) -> None:
        """Raises `Differs` with the first step that came to something else than expected."""
        try:
            for at, step in enumerate(scenario["steps"], 1):
                try:
                    self.step(step)
                except Exception as why:
                    raise Differs(f"step {at} ({step['do']}): {why!r}") from why
        finally:
            self._clear()
        if self.failures:
            raise Differs(self.failures[0])

    def _clear(self) -> None:
        for gate in self._gates.values():
            gate.open()
        for thing in list(self.things.values()):
            if isinstance(thing, newswire.Bus):
                thing.close(LONG)

    def step(self, step: Step, event: Any = None) -> None:
        """Does a step and compares; `event` is the one that is being handled."""
        step = dict(step)
        name, background = step.pop("as", None), step.pop("background", None)
        on_loop, within_ns = step.pop("on_loop", False), step.pop("within_ns", None)
        expected = [(word, step.pop(word)) for word in ("expect", "eventually", "fails") if word in step]
        patience = LONG if within_ns is None else within_ns / 1e9
        deadline = time.monotonic() + patience

        def perform() -> Any:
            names = Names(self.names, event=event) if event is not None else self.names
            action = names.replace(step)
            do = action.pop("do")
            act = partial(self._actions.act, do, name, action)
            return on_a_loop(act) if on_loop else act()

        if background is not None:
            self.things[background] = Task(perform)
            return
        while True:
            try:
                self._judge(expected, perform, name)
                return
            except Differs:
                if not expected or expected[0][0] != "eventually" or time.monotonic() > deadline:
                    raise
            time.sleep(0.002)

    def _judge(self, expected: Sequence[tuple[str, Any]], perform: Callable[[], Any], name: str | None) -> None:
        word, value = expected[0] if expected else ("succeed", None)
        try:
            result = perform()
        except NewswireError as error:
            if word != "fails":
                raise Differs(f"it failed: {error!r}") from error
            result = {field: getattr(error, field) for field in ("code", "message", "path", "column", "expected")}
        else:
            if word == "fails":
                raise Differs(f"it should fail with {value}, and gave {result}")
        with self.lock:
            names = Names(self.names)
            if word != "succeed":
                names.compare(value, result)
            if name is not None:
                names[name] = result
            self.names.update(names)

    def gate(self, name: str) -> Gate:
        with self.lock:
            return self._gates.setdefault(name, Gate())


def on_a_loop(act: Callable[[], Any]) -> Any:
    """Does it on a thread that runs an event loop."""

    async def main() -> Any:
        return act()

    return asyncio.run(main())


def item_of(item: Any) -> Any:
    """An event or gap as scenarios write them."""
    if isinstance(item, newswire.Gap):
        fields = ("first", "last", "count", "reason")
        return {"gap": {field: getattr(item, field) for field in fields}}
    return item.to_dict()


def is_like(expected: Any, actual: Any) -> bool:
    try:
        Names().compare(expected, actual)
    except Differs:
        return False
    return True
