"""What a LangChain or LangGraph run becomes: one tree, with what was used and said."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("langgraph")

from langchain_core.documents import Document
from langchain_core.messages import AIMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import Command

from newswire.adapters import langchain
from newswire.testing import RecordedBus

from .graphs import ScriptedModel, agent, calls, question


@tool
def add(a: int, b: int) -> int:
    """Adds."""
    return a + b


def used(**figures: Any) -> Any:
    return {"input_tokens": 10, "output_tokens": 4, "total_tokens": 14, **figures}


def test_a_graphs_steps_calls_and_tools_form_one_tree(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)
    model = ScriptedModel(script=[calls(("add", {"a": 1, "b": 2})), AIMessage("three")])

    agent(model, add).invoke(question("1 + 2?"))

    seen = newswire_bus.seen
    run = seen.happened("run.started", input="1 + 2?").times(1)
    assert {event.scope["run"] for event in seen.events} == {run[0].scope["run"]}
    assert [step.payload.name for step in seen.find("step.started")] == ["model", "tools", "model"]
    seen.happened("step.started").times(3).within("run.started")
    seen.happened("model.call.started").times(2).within("step.started", name="model")
    seen.happened("tool.request.completed", name="add", call_id="c0").within("model.call.started")
    seen.happened("tool.call.completed", name="add", call_id="c0", result="3").within("step.started", name="tools")
    seen.tools("add")
    seen.happened("message.created", role="assistant", content="three")
    seen.happened("run.completed", output="three", model_call_count=2, tool_call_count=1)
    seen.no_failures()
    seen.all_ended()


def test_a_model_call_tells_who_was_asked_what_and_what_it_used(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)
    usage = used(input_token_details={"cache_read": 6, "cache_creation": 1}, output_token_details={"reasoning": 2})
    about = {"model_name": "scripted-1-0", "stop_reason": "max_tokens", "id": "r-1"}
    answer = AIMessage("cut", usage_metadata=usage, response_metadata=about)

    ScriptedModel(script=[answer]).invoke([("system", "be brief"), ("user", "hi")])

    seen = newswire_bus.seen
    asked = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]
    seen.happened("model.call.started", model="scripted-1", messages=asked, message_count=2, temperature=0.5)
    call = seen.happened("model.call.completed").times(1)[0].payload
    assert call.usage.to_dict() == {
        "input_tokens": 10,
        "output_tokens": 4,
        "cache_read_tokens": 6,
        "cache_write_tokens": 1,
        "reasoning_tokens": 2,
    }
    assert (call.finish_reason, call.raw_finish_reason) == ("length", "max_tokens")
    assert (call.response_model, call.response_id, call.content) == ("scripted-1-0", "r-1", "cut")
    assert call.duration_ns > 0


def test_a_run_sums_up_what_its_calls_used(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)
    model = ScriptedModel(
        script=[calls(("add", {"a": 1, "b": 2}), usage_metadata=used()), AIMessage("three", usage_metadata=used())]
    )

    agent(model, add).invoke(question())

    done = newswire_bus.seen.happened("run.completed").times(1)[0].payload
    assert done.usage.to_dict() == {"input_tokens": 20, "output_tokens": 8}
    assert newswire_bus.seen.tokens == 28


def test_the_messages_of_a_model_call_can_be_left_out(newswire_bus: RecordedBus) -> None:
    handler = langchain.NewswireCallback(newswire_bus, messages=False)

    ScriptedModel(script=[AIMessage("hi")]).invoke("hello", config={"callbacks": [handler]})

    started = newswire_bus.seen.happened("model.call.started")[0].payload
    assert started.messages is None
    assert started.message_count == 1


def test_a_graph_within_a_node_is_the_node(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)
    inner = agent(ScriptedModel(script=[AIMessage("deep")]), add)
    outer = StateGraph(MessagesState)
    outer.add_node("inner", inner)
    outer.add_edge(START, "inner")

    outer.compile().invoke(question())

    seen = newswire_bus.seen
    assert [step.payload.name for step in seen.find("step.started")] == ["inner", "model"]
    seen.happened("step.started", name="model").within("step.started", name="inner")
    seen.happened("run.started").times(1)


def test_an_agent_within_a_tool_is_a_part_of_the_tools_call(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)
    expert = agent(ScriptedModel(script=[AIMessage("42")]), add)

    @tool
    def ask_expert(question: str) -> str:
        """Asks."""
        return str(expert.invoke({"messages": [("user", question)]})["messages"][-1].content)

    model = ScriptedModel(script=[calls(("ask_expert", {"question": "why?"})), AIMessage("done")])

    agent(model, ask_expert).invoke(question())

    seen = newswire_bus.seen
    seen.happened("run.started").times(1)
    seen.happened("workflow.started").times(1).within("tool.call.started", name="ask_expert")
    seen.happened("model.call.completed", content="42").within("workflow.started")


def test_a_chain_tells_its_steps_without_any_graph(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)
    chain: Any = (
        RunnableLambda(lambda x: f"say {x}") | ScriptedModel(script=[AIMessage("a")]) | (lambda said: said.content)
    )

    assert chain.invoke("a") == "a"

    seen = newswire_bus.seen
    seen.happened("run.completed", output="a").times(1)
    seen.happened("step.completed", output="say a").within("run.started")
    seen.happened("model.call.started").within("run.started")


def test_a_retrieval_tells_its_query_and_documents(newswire_bus: RecordedBus) -> None:
    class Library(BaseRetriever):
        def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
            return [Document(f"about {query}", metadata={"page": 1})]

    langchain.install(newswire_bus)

    Library().invoke("bees")

    seen = newswire_bus.seen
    seen.happened("retrieval.started", name="Library", query="bees")
    found = [{"content": "about bees", "metadata": {"page": 1}}]
    seen.happened("retrieval.completed", documents=found, document_count=1)


def test_a_command_tells_where_a_node_goes(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)
    graph = StateGraph(MessagesState)
    graph.add_node("first", lambda _: Command(goto="second"))
    graph.add_node("second", lambda _: {})
    graph.add_edge(START, "first")

    graph.compile().invoke(question())

    newswire_bus.seen.happened("step.routed", name="first", route="second").within("step.started", name="first")


def test_what_user_code_emits_in_a_tool_or_node_is_a_part_of_it(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)
    emitter = newswire_bus.emitter()

    @tool
    def look(place: str) -> str:
        """Looks."""
        emitter.emit("kitchen.looked", {"place": place})
        return place

    model = ScriptedModel(script=[calls(("look", {"place": "oven"}), ("look", {"place": "sink"})), AIMessage("ok")])

    agent(model, look).invoke(question())
    emitter.emit("kitchen.left", {})

    seen = newswire_bus.seen
    for place in ("oven", "sink"):
        looked = seen.happened("kitchen.looked", place=place)
        call = seen.tool("look", place=place)
        assert looked[0].correlation["parent_span"] == call[0].correlation["span"]
    assert "parent_span" not in seen.happened("kitchen.left")[0].correlation


def test_a_graph_within_an_operation_of_ones_own_is_a_part_of_it(newswire_bus: RecordedBus) -> None:
    langchain.install(newswire_bus)
    graph = agent(ScriptedModel(script=[AIMessage("a")]), add)

    with newswire_bus.emitter(session_id="s-1").run("mine"):
        graph.invoke(question())

    seen = newswire_bus.seen
    seen.happened("run.started", name="mine").times(1)
    seen.happened("workflow.started").times(1).within("run.started")
    assert {event.correlation["trace"] for event in seen.events} == {seen.events[0].correlation["trace"]}
    assert {event.scope["run"] for event in seen.events} == {seen.events[0].scope["run"]}


def test_a_threads_id_is_the_conversation(newswire_bus: RecordedBus) -> None:
    handler = langchain.NewswireCallback(newswire_bus)
    graph = agent(ScriptedModel(script=[AIMessage("a")]), add)

    graph.invoke(question(), config={"callbacks": [handler], "configurable": {"thread_id": "t-7"}})

    assert {event.scope.get("conversation") for event in newswire_bus.events} == {"t-7"}
