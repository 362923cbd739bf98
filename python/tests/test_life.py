"""Life in a process: forks, exits, Ctrl-C, garbage; each in a process of its own."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import time
import weakref
from pathlib import Path
from typing import Any

import pytest

from newswire import Bus

PACKAGE = Path(__file__).parents[1]

# Far longer than anything takes, however slow the machine is; what would keep a process from its end sleeps longer.
LONG = 300

# Each ending is tried that often here; the long runs of the release do it a thousand times.
TIMES = 3


def run(script: str, *, interrupt_after: float | None = None) -> subprocess.CompletedProcess[str]:
    process = subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(script)],
        cwd=PACKAGE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    if interrupt_after is not None:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(interrupt_after)
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=LONG)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


ENDINGS = {
    "the end of the script": ("", 0),
    "sys.exit": ("raise SystemExit(3)", 3),
    "an exception": ("raise ValueError", 1),
    "an exception at exit": ("import atexit; atexit.register(lambda: 1 / 0)", 0),
    "a thread that publishes": (
        "import threading\n"
        "threading.Thread(target=lambda: [bus.publish('a.b') for _ in iter(int, 1)], daemon=True).start()",
        0,
    ),
    "a handler that is busy": ("bus.on('z.z', lambda event: time.sleep(900)); bus.publish('z.z'); time.sleep(0.05)", 0),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_interpreter_with_live_subscribers_exits_in_time_with_its_code(ending: str) -> None:
    end, code = ENDINGS[ending]
    script = """
        import asyncio, time
        import newswire
        bus = newswire.bus()
        events = bus.subscribe("*")
        bus.on("a.*", lambda event: None)
        async def handle(event): await asyncio.sleep(0)
        bus.on("a.*", handle)
        for _ in range(100):
            bus.publish("a.b")
    """
    took = []
    for _ in range(TIMES):
        began = time.monotonic()
        ended = run(textwrap.dedent(script) + end)
        assert ended.returncode == code, ended.stderr
        assert "Fatal" not in ended.stderr
        took.append(time.monotonic() - began)
    # The machine may have been elsewhere, but not each time.
    assert min(took) < 10


def test_what_is_queued_for_handlers_and_files_is_served_at_exit(tmp_path: Path) -> None:
    file = tmp_path / "run.ndjson"
    ended = run(f"""
        import newswire
        from newswire import _bus
        _bus._EXIT_SECONDS = {LONG}     # however slow the disk is
        bus = newswire.bus()
        bus.attach("file:{file}")
        async def handle(event): print(event.payload["number"])
        bus.on("a.b", handle)
        for number in range(50):
            bus.publish("a.b", number=number)
    """)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == [str(number) for number in range(50)]
    assert file.read_text().count('"a.b"') == 50


def test_handlers_on_the_private_loop_keep_no_interpreter_from_its_end() -> None:
    # What wakes the loop ended before the loop had heard of the close, more often the more handlers there were; then
    # the end took all the time that it is given.
    for _ in range(TIMES):
        ended = run("""
            import atexit, time
            took = lambda: print(time.monotonic() - began)
            atexit.register(lambda: took())     # called last
            import newswire
            from newswire import _bus
            _bus._EXIT_SECONDS = 40
            bus, closed = newswire.Bus(), newswire.Bus()
            async def handle(event): pass
            for _ in range(8):
                bus.on("a.b", handle)
                closed.on("a.b", handle)
            closed.close()
            bus.publish("a.b")
            began = time.monotonic()
        """)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert float(ended.stdout) < 30


@pytest.mark.parametrize(
    "waits",
    [
        "next(events)",
        "events.next(60)",
        "bus.wait_for('z.z', 60).wait()",
        "busy(); listener.unsubscribe(60)",
        "busy('b.soon'); soon.unsubscribe(60)",
        "busy(); bus.close(60)",
    ],
)
def test_ctrl_c_interrupts_a_wait(waits: str) -> None:
    ended = run(
        f"""
        import asyncio, threading, time
        import newswire
        bus = newswire.Bus()
        events = bus.subscribe("z.z")
        begun = threading.Event()
        def handle(event): begun.set(); time.sleep(60)
        async def handle_soon(event): begun.set(); await asyncio.sleep(60)
        listener, soon = bus.on("b.b", handle), bus.on("b.soon", handle_soon)
        def busy(kind="b.b"): bus.publish(kind); begun.wait()
        try:
            print("ready", flush=True)
            {waits}
        except KeyboardInterrupt:
            print("interrupted")
        """,
        interrupt_after=0.1,
    )
    assert (ended.stdout, ended.returncode) == ("interrupted\n", 0), ended.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_has_a_fresh_default_bus_and_the_inherited_one_says_so() -> None:
    ended = run("""
        import os, threading
        import newswire
        bus = newswire.bus()
        own = newswire.Bus("own")
        events = own.subscribe("*")
        async def handle(event): pass
        own.on("*", handle)
        stop = threading.Event()
        def publish():
            while not stop.is_set():
                own.publish("a.b")
        threads = [threading.Thread(target=publish) for _ in range(4)]
        for thread in threads:
            thread.start()
        statuses = []
        for _ in range(20):
            child = os.fork()
            if child == 0:
                fresh = newswire.bus()
                seen = []
                fresh.on("c.d", lambda event: seen.append(event.kind), mode="inline")
                fresh.publish("c.d")
                try:
                    own.publish("a.b")
                except newswire.ClosedError as error:
                    os._exit(7 if "fork" in str(error) and seen == ["c.d"] and fresh is not bus else 8)
                os._exit(9)
            statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        stop.set()
        for thread in threads:
            thread.join()
        print(set(statuses), own.publish("a.b").seq is not None)
    """)
    assert ended.stdout == "{7} True\n", ended.stderr


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_worker_processes_have_their_own_bus(method: str, tmp_path: Path) -> None:
    worker = tmp_path / "worker_of_test.py"
    worker.write_text(
        "import newswire\n"
        "def work(number):\n"
        "    bus = newswire.Bus()\n"
        "    events = bus.subscribe('*')\n"
        "    bus.publish('a.b', number=number)\n"
        f"    return events.next({LONG}).payload['number']\n"
    )
    ended = run(f"""
        import multiprocessing, sys
        sys.path.insert(0, {str(tmp_path)!r})
        import newswire, worker_of_test
        bus = newswire.bus()
        bus.on("*", lambda event: None)
        if __name__ == "__main__":
            with multiprocessing.get_context({method!r}).Pool(2) as pool:
                print(pool.map(worker_of_test.work, range(4)))
    """)
    assert ended.stdout == "[0, 1, 2, 3]\n", ended.stderr


class Agent:
    """A bus and a handler that hold each other."""

    def __init__(self, **options: Any) -> None:
        self.bus = Bus()
        self.listener = self.bus.on("*", self.handle_soon if options.pop("soon", False) else self.handle, **options)
        self.events = self.bus.subscribe("*")
        self.bus.publish("a.b")

    def handle(self, _: object) -> None: ...

    async def handle_soon(self, _: object) -> None: ...


def is_collected(gone: weakref.ref[Agent]) -> bool:
    for _ in range(500):
        gc.collect()
        if gone() is None:
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "inline"},
        {"mode": "locked"},
        {"mode": "keyed", "key": "session"},
        {"mode": "concurrent", "concurrency": 2},
        {"soon": True},
        {"soon": True, "mode": "keyed", "key": "session"},
        {"soon": True, "mode": "concurrent", "concurrency": 2},
    ],
    ids=str,
)
def test_a_bus_and_a_handler_that_hold_each_other_are_collected(options: dict[str, Any]) -> None:
    gone = weakref.ref(Agent(**options))
    assert is_collected(gone)


def test_importing_the_package_costs_next_to_nothing() -> None:
    script = """
        import sys, time
        before = set(sys.modules)
        began = time.process_time()
        import newswire
        print(time.process_time() - began)
        print(sorted(name for name in set(sys.modules) - before if name != "__future__"))
    """
    tries = [run(script).stdout.splitlines() for _ in range(TIMES)]
    assert all(loaded == "['newswire']" for _, loaded in tries)
    # The processor's time, and the least of it: what else the machine does is none of the package's cost.
    assert min(float(seconds) for seconds, _ in tries) < 0.06


def test_neither_asyncio_nor_typing_is_loaded_before_it_is_needed() -> None:
    ended = run("""
        import sys
        before = set(sys.modules)
        import newswire
        bus = newswire.Bus()
        bus.on("*", lambda event: event.payload, mode="inline")
        with bus.emitter(session_id="s").tool_call("search", {}):
            pass
        heavy = {"asyncio", "typing", "dataclasses", "inspect", "json", "logging"}
        print(sorted(heavy & (set(sys.modules) - before)))
    """)
    assert ended.stdout == "[]\n", ended.stderr
