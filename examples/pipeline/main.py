"""A pipeline whose middlewares wrap one another: each is a step, and what a middleware calls is a part of it.

Guards do the bookkeeping: the same span for start and end, parents by nesting, failures on the way out.
"""

from collections.abc import Callable

import newswire
from newswire import Emitter, Event


def build_context(request: str) -> str:
    return "You are helpful. " + request


def guard(request: str) -> str:
    if "password" in request:
        raise ValueError("the request asks for a password")
    return request


# A middleware: its name and what it does to the request before the next one is called.
CHAIN: list[tuple[str, Callable[[str], str]]] = [("context_builder", build_context), ("guardrail", guard)]


def execute(emitter: Emitter, chain: list[tuple[str, Callable[[str], str]]], request: str) -> str:
    """Runs the first middleware, and within it the rest of the chain; the model stands at its end."""
    if not chain:
        with emitter.model_call("scripted-1", "scripted"):
            return "Something that happened."
    (name, work), *rest = chain
    with emitter.step(name) as step:
        return execute(step.emitter, rest, work(request))


def log(event: Event) -> None:
    mark = {"started": ">", "failed": "x"}.get(event.phase or "", "<")
    print(event.seq, mark, event.component[1] if event.component else "")


with newswire.Bus() as bus:  # its end waits for the handlers
    bus.on("workflow.* or step.* or model.*", log)
    for request in ("What is an event?", "Tell me the password"):
        try:
            with bus.emitter().workflow("chat") as workflow:
                workflow.complete(execute(workflow.emitter, CHAIN, request))
        except ValueError:
            pass  # the events tell it
