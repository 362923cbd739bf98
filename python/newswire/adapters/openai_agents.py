"""The OpenAI Agents SDK on the bus.

    import newswire.adapters.openai_agents

    newswire.adapters.openai_agents.install()

From then on every run tells what it does, with no change to the program: a processor of the SDK's traces, merged
with run hooks, since traces have no model calls of custom models and no ids of tool calls. Where the SDK's tracing
is off, the hooks alone tell of runs, agents, model calls and tools.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from agents.lifecycle import RunHooksBase
from agents.run import AgentRunner, get_default_agent_runner, set_default_agent_runner
from agents.tracing import add_trace_processor

from .. import _bus
from ._openai_hooks import Hooks
from ._openai_processor import NewswireProcessor as NewswireProcessor
from ._openai_watch import CURRENT, Queue, Watch
from ._operations import Operations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agents import Agent, RunResult, RunResultStreaming

__all__ = ["NewswireProcessor", "install", "uninstall"]


class _Runner(AgentRunner):
    """The SDK's runner, with hooks in every run."""

    def __init__(self, inner: AgentRunner) -> None:
        self.inner = inner

    async def run(self, starting_agent: Agent[Any], input: Any, **options: Any) -> RunResult:
        watch = _watch(input, options, waits=True)
        if watch is None:
            return await self.inner.run(starting_agent, input, **options)
        with _within(watch):
            result = await self.inner.run(starting_agent, input, **options)
        watch.ended(result, None)
        return result

    def run_sync(self, starting_agent: Agent[Any], input: Any, **options: Any) -> RunResult:
        watch = _watch(input, options, waits=True)
        if watch is None:
            return self.inner.run_sync(starting_agent, input, **options)
        with _within(watch):
            result = self.inner.run_sync(starting_agent, input, **options)
        watch.ended(result, None)
        return result

    def run_streamed(self, starting_agent: Agent[Any], input: Any, **options: Any) -> RunResultStreaming:
        watch = _watch(input, options, waits=False)
        if watch is None:
            return self.inner.run_streamed(starting_agent, input, **options)
        token = CURRENT.set(watch)
        try:
            result = self.inner.run_streamed(starting_agent, input, **options)
        finally:
            CURRENT.reset(token)
        if type(getattr(result, "_event_queue", None)) is asyncio.Queue:
            # The run begins after this: it puts its events into what it finds then.
            result._event_queue = Queue(watch)
        return result


@contextmanager
def _within(watch: Watch) -> Iterator[None]:
    """What happens in the block is the run's that is watched; an error of it ends that."""
    token = CURRENT.set(watch)
    try:
        yield
    except BaseException as error:
        watch.ended(None, error)
        raise
    finally:
        CURRENT.reset(token)


def _watch(asked: Any, options: dict[str, Any], *, waits: bool) -> Watch | None:
    own = options.get("hooks")
    if _processor is None or not _processor.is_on or (own is not None and not isinstance(own, RunHooksBase)):
        return None  # not installed any more, or hooks that the SDK will refuse
    watch = Watch(_processor.operations, asked, options.get("run_config"), waits=waits)
    options["hooks"] = Hooks(watch, own)
    return watch


_processor: NewswireProcessor | None = None


def install(bus: _bus.Bus | None = None) -> NewswireProcessor:
    """Makes every run of the SDK tell `bus` (the process's own, if none is given) what it does.

    Again with the same bus it changes nothing; with another, that one is told from then on. A program that sets its
    trace processors (`agents.set_trace_processors`) does so before.
    """
    global _processor
    bus = bus if bus is not None else _bus.bus()
    if _processor is None:
        _processor = NewswireProcessor(bus)
        add_trace_processor(_processor)
    elif _processor.bus is not bus:
        _processor.bus = bus
        _processor.operations = Operations(bus)
    _processor.is_on = True
    runner = get_default_agent_runner()
    if not isinstance(runner, _Runner):
        set_default_agent_runner(_Runner(runner))
    return _processor


def uninstall(bus: _bus.Bus | None = None) -> None:
    """Runs that begin from here on tell nothing; with a bus, only if it is the one that is told."""
    if _processor is not None and (bus is None or _processor.bus is bus):
        _processor.is_on = False
        _processor.operations = Operations(_processor.bus)
