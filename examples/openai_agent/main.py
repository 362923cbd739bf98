"""An agent of the OpenAI Agents SDK that hands over to another, seen on the bus by one line.

The models are scripted, and no key is needed. What is printed comes from the bus only.
"""

from agents import Agent, Runner, function_tool, set_trace_processors
from agents.testing import ScriptedModel, assistant_message, function_call

import newswire
import newswire.adapters.openai_agents


@function_tool
def refund(order: str) -> str:
    """Pays back."""
    return f"order {order} was paid back"


cashier = Agent(
    "cashier",
    model=ScriptedModel([[function_call("refund", {"order": "o-7"}, call_id="c-2")], [assistant_message("Done.")]]),
    tools=[refund],
)
desk = Agent(
    "desk",
    model=ScriptedModel([[function_call("transfer_to_cashier", {}, call_id="c-1")]]),
    handoffs=[cashier],
)

set_trace_processors([])  # nothing goes to OpenAI
bus = newswire.Bus()
newswire.adapters.openai_agents.install(bus)
events = bus.subscribe("agent.* or tool.call.* or workflow.transitioned or run.*")

Runner.run_sync(desk, "I want my money back.")
bus.close()

for event in events:
    said = event.payload
    match event.kind:
        case "run.started":
            print(event.kind, said.input)
        case "agent.started" | "agent.completed":
            print(event.kind, said.name)
        case "workflow.transitioned":
            print(said.event, said.from_, "->", said.to)
        case "tool.call.completed":
            print(event.kind, said.name, said.call_id, said.result)
        case "run.completed":
            print(event.kind, said.output, f"after {said.model_call_count} model calls")
