"""Scripted models and small graphs for the tests of the LangChain adapter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableLambda
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition


class ScriptedModel(BaseChatModel):
    """Answers from its script; a list of chunks is streamed, an exception raised."""

    script: list[Any]
    model_name: str = "scripted-1"
    temperature: float = 0.5

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        answer = self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return ChatResult(generations=[ChatGeneration(message=answer)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for piece in self.script.pop(0):
            if isinstance(piece, Exception):
                raise piece
            chunk = ChatGenerationChunk(message=piece)
            if run_manager is not None:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk


def calls(*asked: tuple[str, dict[str, Any]], **about: Any) -> AIMessage:
    """A message that asks for tools; the calls' ids are c0, c1, ..."""
    found = [{"name": name, "args": args, "id": f"c{index}"} for index, (name, args) in enumerate(asked)]
    return AIMessage("", tool_calls=found, **about)


def agent(model: BaseChatModel, *tools: Callable[..., Any] | Any, **options: Any) -> Runnable[Any, Any]:
    """The usual loop: a model, and the tools that it asks for."""

    def think(state: MessagesState) -> dict[str, Any]:
        return {"messages": [model.invoke(state["messages"])]}

    graph = StateGraph(MessagesState)
    graph.add_node("model", think)
    graph.add_node("tools", ToolNode(list(tools), handle_tool_errors=options.pop("handle_tool_errors", True)))
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", tools_condition)
    graph.add_edge("tools", "model")
    return graph.compile(**options)


def chain(function: Callable[[Any], Any]) -> Any:
    """A chain of one step."""
    return RunnableLambda(function)


def question(text: str = "what?") -> Any:
    """A graph's input."""
    return {"messages": [{"role": "user", "content": text}]}
