"""Ready-made views, sinks by URL, the log bridge and the command line, from Python."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import newswire
from newswire import (
    ArgumentError,
    Bus,
    CallMeter,
    Census,
    InvalidError,
    LatencyProfile,
    LogHandler,
    RunTable,
    StatusTracker,
    TraceTree,
    UsageMeter,
)
from newswire.payloads import Usage

from .loops import LONG, Main, on_every_loop

Run = Callable[[Main], None]


def play(bus: Bus) -> None:
    """A run with a model call that succeeds and a tool call that doesn't."""
    with bus.emitter(session_id="s-1").run("weather") as run:
        agent = run.emitter
        agent.model_call("gpt-5-mini", "openai").complete(Usage(input_tokens=400, output_tokens=30))
        agent.tool_call("forecast").fail("the service is down")


def test_each_view_knows_what_has_happened() -> None:
    bus = Bus()
    usage = bus.watch(UsageMeter(prices={"gpt-5*": {"input": 1.0, "output": 10.0}}))
    views = UsageMeter(bus), StatusTracker(bus), LatencyProfile(bus), TraceTree(bus), CallMeter(bus)
    meter, status, latency, tree, calls = views
    census, runs = Census(bus), RunTable(bus)
    play(bus)
    assert meter.snapshot().total.tokens == 430
    assert usage.snapshot().by_model["gpt-5-mini"].priced_usd == pytest.approx(700e-6)
    assert usage.snapshot().total.known_usd == usage.snapshot().total.priced_usd
    assert (status.snapshot().completed, status.snapshot().failed) == (2, 1)
    assert {row.operation for row in latency.snapshot().rows} == {"run", "model.call", "tool.call"}
    assert [(node.depth, node.label, node.said) for node in tree.snapshot().nodes] == [
        (0, "weather", None),
        (1, "gpt-5-mini", None),
        (1, "forecast", "the service is down"),
    ]
    assert calls.snapshot().tool_calls.failed == 1
    assert calls.snapshot().by_model["gpt-5-mini"].usage.input_tokens == 400
    assert census.snapshot().by_kind["run.started"] == 1
    (row,) = runs.snapshot().runs
    assert (row.session, row.model_calls, row.failed_calls, row.usage.output_tokens) == ("s-1", 1, 1, 30)


def test_a_stopped_view_keeps_what_it_knows() -> None:
    bus = Bus()
    with UsageMeter(bus) as meter:
        play(bus)
    play(bus)
    assert meter.snapshot().total.calls == 1


def test_snapshots_compare_by_what_they_say() -> None:
    bus = Bus()
    meter = UsageMeter(bus)
    assert meter.snapshot() == meter.snapshot()
    before = meter.snapshot()
    play(bus)
    assert meter.snapshot() != before
    assert "calls=1" in repr(meter.snapshot().total)


def test_a_view_begins_where_a_subscription_can() -> None:
    bus = Bus(history=100)
    events = bus.subscribe("*")
    bus.publish("a.b")
    # A datetime has microseconds only.
    time.sleep(0.001)
    now = datetime.now(UTC)
    events.next(LONG)
    bus.publish("a.b")
    for start, seen in (("earliest", 2), (events.position(), 1), (now, 1), (None, 0)):
        with Census(bus, start=start) as census:
            bus.publish("c.d")
            deadline = time.monotonic() + LONG
            while "c.d" not in (found := census.snapshot()).by_kind:
                assert time.monotonic() < deadline
                time.sleep(0.001)
            assert found.by_kind.get("a.b", 0) == seen, start


def test_a_view_without_a_bus_says_so() -> None:
    with pytest.raises(InvalidError, match="watches no bus"):
        UsageMeter().snapshot()


def test_what_is_no_view_is_refused() -> None:
    wrong: list[Any] = [UsageMeter, 5, None]
    for what in wrong:
        with Bus() as bus, pytest.raises(ArgumentError, match=r"is no view; expected a view, such as UsageMeter\(\)"):
            bus.watch(what)


def test_a_run_is_recorded_and_read_again(tmp_path: Path) -> None:
    file = tmp_path / "run.ndjson"
    bus = Bus()
    recorder = bus.attach(f"file:{file}")
    play(bus)
    bus.close(LONG)
    assert recorder.lag() == 0
    kinds = [event.kind for event in newswire.open_recording(str(file)) if isinstance(event, newswire.Event)]
    assert kinds[0] == "run.started" and kinds[-1] == "run.completed"


@on_every_loop
def test_a_recording_is_played_and_its_end_awaited(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "run.ndjson"
    recorded = Bus()
    recorded.attach(f"file:{file}")
    play(recorded)
    recorded.close(LONG)

    async def main() -> None:
        bus = Bus()
        events = bus.subscribe("tool.*")
        player = newswire.play(bus, file, speed=None)
        with pytest.raises(newswire.WouldDeadlockError):
            player.wait()
        await player
        assert [event.kind for event in await events.anext_batch()] == ["tool.call.started", "tool.call.failed"]

    run(main)
    assert newswire.play(Bus(), file, speed=None).wait(LONG)


def test_waits_for_a_play_that_ran_out_leave_nothing_behind(tmp_path: Path) -> None:
    recording = tmp_path / "run.ndjson"
    with Bus() as source:
        source.attach(f"file:{recording}")
        source.publish("a.b")
    with Bus() as bus:
        playing = newswire.play(bus, recording, paused=True)
        before = native_threads()
        for _ in range(20):
            with pytest.raises(newswire.TimedOutError):
                playing.wait(0.001)
        assert native_threads() <= before
        playing.resume()
        assert playing.wait(LONG)["events"] == 1
        assert playing.wait(LONG) == asyncio.run(awaited(playing))


async def awaited(playing: newswire.Player) -> dict[str, Any]:
    return await playing


def native_threads() -> int:
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.exists() else 0


def test_what_a_receipt_calls_durable_is_stored(tmp_path: Path) -> None:
    bus = Bus("agents")
    with pytest.raises(newswire.NewswireError):
        bus.publish_durable("a.b")
    bus.attach(f"sqlite:{tmp_path / 'events.db'}")
    receipt = bus.publish_durable("a.b", x=1)
    assert receipt.wait(LONG).seq == 1
    assert (receipt.outcome, receipt.published.seq) == (True, 1)
    again = bus.subscribe("*", start="earliest")
    assert again.next(timeout=LONG).payload == {"x": 1}
    bus.close()


def test_a_store_is_read_from_any_position_that_a_bus_gives(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    with pytest.raises(newswire.IoError) as unread:
        newswire.read_store(path)
    with pytest.raises(newswire.IoError) as unlisted:
        newswire.read_runs(path)
    assert str(unread.value) == str(unlisted.value)
    began = datetime.now(UTC)
    bus = Bus("agents")
    bus.attach(f"sqlite:{path}")
    bus.publish("a.b", n=1)
    position = bus.position()
    bus.publish("a.b", n=2)
    bus.close(LONG)

    def numbers(**options: Any) -> list[int]:
        read = newswire.read_store(path, **options)
        return [item.payload["n"] for item in read if isinstance(item, newswire.Event)]

    assert numbers(start=position) == numbers(start=f"after:{position}") == [2]
    assert numbers(start=began) == numbers(start=None) == numbers() == [1, 2]


@contextmanager
def held(store: Path) -> Iterator[None]:
    """Another process's transaction keeps the store from writing."""
    hold = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], 60); c.execute('BEGIN IMMEDIATE'); print(); input()"
    command = [sys.executable, "-c", hold, str(store)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        other.stdout.readline()
        yield
        other.communicate("\n")


def test_a_receipt_says_the_same_whenever_it_is_asked(tmp_path: Path) -> None:
    bus = Bus("agents")
    bus.attach(f"sqlite:{tmp_path / 'events.db'}")
    receipt = bus.publish_durable("a.b")
    assert receipt.wait(LONG).seq == receipt.wait(LONG).seq == 1
    with held(tmp_path / "events.db"):
        late = bus.publish_durable("a.b")
        with pytest.raises(newswire.TimedOutError):
            late.wait(0.05)
        late.cancel()
    assert late.wait(LONG).seq == late.wait(LONG).seq == 2
    bus.close()


def test_a_receipt_that_was_awaited_in_vain_can_be_awaited_again(tmp_path: Path) -> None:
    async def main() -> None:
        bus = Bus("agents")
        bus.attach(f"sqlite:{tmp_path / 'events.db'}")
        with held(tmp_path / "events.db"):
            receipt = bus.publish_durable("a.b")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(receipt, 0.05)
        both = await asyncio.gather(receipt, receipt)
        assert [published.seq for published in (*both, await receipt)] == [1, 1, 1]
        await bus.aclose(LONG)

    asyncio.run(main())


def test_a_flush_ends_while_others_go_on_publishing(tmp_path: Path) -> None:
    with Bus() as bus:
        store = bus.attach(f"sqlite:{tmp_path / 'events.db'}")
        flushed = threading.Event()

        def publish() -> None:
            while not flushed.is_set():
                bus.publish("a.b", text="x" * 20_000)

        threads = [threading.Thread(target=publish) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            time.sleep(0.2)
            store.flush(LONG)
        finally:
            flushed.set()
            for thread in threads:
                thread.join()


@on_every_loop
def test_receipts_and_flushes_are_awaited(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        bus = Bus("agents")
        store = bus.attach(f"sqlite:{tmp_path / 'events.db'}")
        assert (await bus.publish_durable("a.b")).seq == 1
        assert (await bus.publish_async("a.b")).seq == 2
        await store.aflush()
        with pytest.raises(newswire.WouldDeadlockError):
            store.flush()
        await bus.aclose()

    run(main)


@on_every_loop
def test_a_store_that_is_detached_by_await_has_what_was_published(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        bus = Bus()
        store = bus.attach(f"sqlite:{tmp_path / 'events.db'}")
        bus.publish("a.b")
        with pytest.raises(newswire.WouldDeadlockError):
            store.detach()
        assert not store.stats()["detached"]
        await store.adetach()
        assert store.stats()["detached"]
        assert len(list(newswire.read_store(tmp_path / "events.db"))) == 1

    run(main)


def test_a_bad_url_says_what_there_is() -> None:
    with pytest.raises(InvalidError) as caught:
        Bus().attach("carrier-pigeon:north")
    assert "console" in str(caught.value)


def test_a_program_logs_on_when_the_bus_is_closed(capsys: pytest.CaptureFixture[str]) -> None:
    bus = Bus()
    bus.subscribe("log.*")
    logger = logging.getLogger("of a closed bus")
    logger.propagate = False
    logger.addHandler(LogHandler(bus))
    bus.close()
    logger.error("still here")
    assert capsys.readouterr().err == ""


def test_logs_become_events_of_the_operation_around_them() -> None:
    bus = Bus()
    events = bus.subscribe("log.written")
    logger = logging.getLogger("app")
    handler = LogHandler(bus)
    logger.addHandler(handler)
    try:
        with bus.emitter().step("load") as step:
            logger.warning("only %d left", 3)
        logging.getLogger("newswire").addHandler(handler)
        logging.getLogger("newswire").warning("about itself")
    finally:
        logger.removeHandler(handler)
        logging.getLogger("newswire").removeHandler(handler)
    (event,) = events.until_quiet(0.05)
    assert (event.payload.message, event.payload.level, event.payload.logger) == ("only 3 left", "warning", "app")
    assert event.correlation["parent_span"] == step.span


def test_enrichers_complete_events_and_failing_ones_harm_nobody() -> None:
    bus = Bus()
    events = bus.subscribe("*")

    @bus.enrich
    def region(event: newswire._native.Enrichment) -> None:
        event.attr("region", "eu")

    def broken(_: object) -> None:
        raise ValueError("no region")

    bus.enrich(broken)
    bus.publish("a.b")
    assert dict(events.next(timeout=1).attrs) == {"region": "eu"}
    assert bus.stats()["alteration_failures"] == 1
    region.remove()
    bus.publish("a.b")
    assert dict(events.next(timeout=1).attrs) == {}


def test_redaction_masks_before_anything_leaves() -> None:
    bus = Bus()
    events = bus.subscribe("*")
    bus.redact(field="payload.password")
    bus.publish("login.tried", user="u", password="secret")
    assert "secret" not in events.next(timeout=1).json()


def newswire_command(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "newswire", *args],
        cwd=Path(__file__).parents[1], capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_the_command_line_is_the_binarys(tmp_path: Path) -> None:
    file = tmp_path / "run.ndjson"
    bus = Bus()
    bus.attach(f"file:{file}")
    play(bus)
    bus.close(LONG)
    counted = newswire_command("stats", str(file), "--json")
    assert counted.returncode == 0, counted.stderr
    assert json.loads(counted.stdout.splitlines()[0])
    wrong = newswire_command("stats", str(tmp_path / "missing.ndjson"))
    assert wrong.returncode != 0 and "missing.ndjson" in wrong.stderr
