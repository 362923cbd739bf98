"""Run hooks of the OpenAI Agents SDK: model calls, which its traces lack for most models, and the ids of tool calls.

They belong to one run each, so concurrent runs can't mix. Where the SDK's tracing is off they tell of the run and
its agents and tools as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents import RunHooks

if TYPE_CHECKING:
    from ._openai_watch import Watch


class Hooks(RunHooks[Any]):
    """Tells a run's watch, then the program's own hooks."""

    def __init__(self, watch: Watch, own: RunHooks[Any] | None) -> None:
        self._watch = watch
        self._own: RunHooks[Any] = own if own is not None else RunHooks()
        for name in dir(self._own):
            # Hooks that a later version of the SDK has, and this adapter doesn't know.
            if name.startswith("on_") and name not in vars(Hooks):
                setattr(self, name, getattr(self._own, name))

    async def on_agent_start(self, context: Any, agent: Any) -> None:
        self._watch.agent_started(agent)
        await self._own.on_agent_start(context, agent)

    async def on_agent_end(self, context: Any, agent: Any, output: Any) -> None:
        self._watch.agent_answered(agent, output)
        await self._own.on_agent_end(context, agent, output)

    async def on_handoff(self, context: Any, from_agent: Any, to_agent: Any) -> None:
        self._watch.handed_off(from_agent, to_agent)
        await self._own.on_handoff(context, from_agent, to_agent)

    async def on_llm_start(self, context: Any, agent: Any, system_prompt: str | None, input_items: Any) -> None:
        self._watch.model_asked(agent, system_prompt, input_items)
        await self._own.on_llm_start(context, agent, system_prompt, input_items)

    async def on_llm_end(self, context: Any, agent: Any, response: Any) -> None:
        self._watch.model_answered(response)
        await self._own.on_llm_end(context, agent, response)

    async def on_tool_start(self, context: Any, agent: Any, tool: Any) -> None:
        self._watch.tool_started(context, agent, tool)
        await self._own.on_tool_start(context, agent, tool)

    async def on_tool_end(self, context: Any, agent: Any, tool: Any, result: Any) -> None:
        self._watch.tool_ended(context, tool, result)
        await self._own.on_tool_end(context, agent, tool, result)
