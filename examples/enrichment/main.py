"""AITaskAgent's enrichment, written with ours: what a step adds to its own events and to its trace, before and after
it runs.

The step's code doesn't emit anything. Its hooks are given the event on its way to be published: what the started event
says is the input, what the completed one says is the result.
"""

import json
from collections import defaultdict
from typing import Any

import newswire
from newswire import Enrichment
from newswire.payloads import StepCompleted, StepStarted


class LlmStep:
    """The hooks of `IEnrichableStep`: what goes into the event, and what tags the trace."""

    def __init__(self, model: str) -> None:
        self.model = model

    def before(self, given: Any, event: Enrichment) -> None:
        event.attr("inputLength", len(given))
        event.attr("trace.llm.model", self.model)

    def after(self, result: Any, event: Enrichment) -> None:
        event.attr("tokensUsed", result["tokens"])
        event.attr("costUsd", result["cost"])
        event.attr("trace.llm.tokens", result["tokens"])


bus = newswire.Bus()
steps = {"summarize": LlmStep("scripted-1")}


@bus.enrich
def enrich(event: Enrichment) -> None:
    component = event.event.component
    step = steps.get(component[1]) if component else None
    match event.event.payload:
        case StepStarted() as started if step:
            step.before(started.input, event)
        case StepCompleted() as completed if step:
            step.after(completed.output, event)


events = bus.subscribe("step.*")
for name in ("summarize", "plain"):
    bus.emitter().step(name, "a long text").complete({"tokens": 40, "cost": 0.001})

# What an exporter of traces would do: the tags of both ends belong to one span.
tags: defaultdict[str, list[str]] = defaultdict(list)
for event in events.next_batch(timeout=0):
    name = event.component[1] if event.component else "?"
    own = [f" {key}={json.dumps(value)}" for key, value in event.attrs.items() if not key.startswith("trace.")]
    print(f"{event.kind} {name}{''.join(own)}")
    tags[name] += [
        f"{key.removeprefix('trace.')}={json.dumps(value)}"
        for key, value in event.attrs.items()
        if key.startswith("trace.")
    ]
for name, told in sorted(tags.items()):
    print(f"span {name}: {', '.join(told) or 'no tags'}")
