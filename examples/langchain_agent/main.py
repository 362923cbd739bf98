"""A LangGraph agent that knows nothing of Newswire, seen on the bus by one line.

The model is scripted: it asks for two tools at once, which run in parallel, then answers. What is printed comes from
the bus only.
"""

from typing import Any

from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

import newswire
import newswire.adapters.langchain


@tool
def forecast(city: str) -> str:
    """What the weather will be."""
    return f"{city}: clear"


ASKED = [{"name": "forecast", "args": {"city": city}, "id": city.lower()} for city in ("Lisbon", "Oslo")]
SCRIPT = [AIMessage("", tool_calls=ASKED), AIMessage("Clear in both.")]
model = GenericFakeChatModel(messages=iter(SCRIPT))

graph = StateGraph(MessagesState)
graph.add_node("model", lambda state: {"messages": [model.invoke(state["messages"])]})
graph.add_node("tools", ToolNode([forecast]))
graph.add_edge(START, "model")
graph.add_conditional_edges("model", tools_condition)
graph.add_edge("tools", "model")

bus = newswire.Bus()
newswire.adapters.langchain.install(bus)
events = bus.subscribe("*")

question: Any = {"messages": [("user", "Weather?")]}
graph.compile().invoke(question)
bus.close()

results = []
for event in events:
    said = event.payload
    match event.kind:
        case "run.started":
            print(event.kind, said.input)
        case "step.started":
            print(event.kind, said.name)
        case "tool.request.completed":
            print(event.kind, said.call_id, said.name, said.arguments)
        case "tool.call.completed":
            results.append(f"{event.kind} {said.call_id} {said.result}")
        case "step.completed" if said.name == "tools":
            print(*sorted(results), sep="\n")
        case "message.created":
            print(event.kind, said.role, said.content)
        case "run.completed":
            print(event.kind, f"{said.model_call_count} model calls, {said.tool_call_count} tool calls")
