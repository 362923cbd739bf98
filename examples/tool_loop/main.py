"""An agent's loop of model and tools, and a guard that notices when it turns in circles.

The guard is no part of the agent: it listens to calls, keeps count, and says so as an event of its own, which the
agent may heed or not.
"""

import json
from collections import Counter

import newswire
from newswire import Event
from newswire.payloads import ToolCallStarted

# The calls that the scripted model asks for.
SCRIPT = (("multiply", 42, 137), ("add", 5, 3), ("add", 5, 3), ("add", 5, 3))

bus = newswire.Bus()
seen: Counter[str] = Counter()
guard = bus.emitter(source=("guard", "tool_loop"))


def notice_circles(event: Event[ToolCallStarted]) -> None:
    call = event.payload
    seen[key := f"{call.name} {json.dumps(call.arguments)}"] += 1
    if seen[key] > 1:
        # Its causation is the call that it is about.
        bus.publish(guard.event("tool.call.repeated", {"call_count": seen[key], "name": call.name}, severity="warn"))


# It runs on the agent's thread before the call goes on.
bus.on(ToolCallStarted, notice_circles, mode="inline")
notices = bus.subscribe("tool.call.repeated and source=guard/tool_loop and payload.call_count>=3")

with bus.emitter().agent("calculator") as agent:
    for number, (name, a, b) in enumerate(SCRIPT, start=1):
        agent.emitter.model_call("scripted-1", "scripted").complete()
        with agent.emitter.tool_call(name, {"a": a, "b": b}, call_id=f"call-{number}") as call:
            if told := notices.next_batch(timeout=0):
                print(f"{name} is called in circles: {told[0].payload_json()}")
                call.cancel("called too often with the same arguments")
                break
            result = a + b if name == "add" else a * b
            print(f"{name}({a}, {b}) = {result}")
            call.complete(result)
    agent.complete("done", tool_call_count=3)
bus.close()
