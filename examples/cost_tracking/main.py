"""What model calls cost, while they happen: a typed handler, and the ready-made meter."""

import newswire
from newswire import Event, UsageMeter
from newswire.payloads import ModelCallCompleted, Usage

total = 0.0


def cost(event: Event[ModelCallCompleted]) -> None:
    global total
    usage = event.payload.usage
    cost = (usage and usage.cost_usd) or 0.0
    total += cost
    print(f"call ${cost:.4f}, total ${total:.4f}")


with newswire.Bus() as bus:
    # By hand: one call at a time, so the order of the lines is that of the bus.
    bus.on(ModelCallCompleted, cost)
    # Dear ones only: a filter looks into the payload, too.
    dear = bus.subscribe("model.call.completed and payload.usage.cost_usd >= 0.02")
    # Ready-made: bounded, and each call counted once.
    meter = bus.watch(UsageMeter())

    emitter = bus.emitter()
    for model, read, written, usd in (
        ("gpt-5", 412, 31, 0.0021),
        ("gpt-5", 9_800, 400, 0.0223),
        ("claude", 700, 90, 0.0035),
    ):
        call = emitter.model_call(model, "scripted")
        call.complete(Usage(input_tokens=read, output_tokens=written, cost_usd=usd))
    # An error costs nothing here, but it is a call.
    emitter.model_call("claude", "scripted").fail("overloaded")

print("dear calls:", len(list(dear)))
for model, tally in meter.snapshot().by_model.items():
    print(f"{model}: {tally.calls} calls, {tally.failed} failed, ${tally.cost_usd:.4f}")
