"""A small agent that uses tools, with a scripted model: watched live, and kept in the store that is named.

    python examples/demo_agent/agent.py agent.db

`make demo` runs it and shows what the store then holds.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable
from typing import Any

import newswire
from newswire import Emitter, UsageMeter
from newswire.payloads import Usage

NOTES = {
    "rent": "The rent is 1240 a month, due on the 3rd.",
    "power": "Power came to 86.50 in October.",
    "holiday": "Two weeks on the coast, in June.",
}

# What the model says, one answer after the other: a call of a tool, or a text.
SCRIPT: list[tuple[str, dict[str, Any]] | str] = [
    ("find_note", {"word": "rent"}),
    ("find_note", {"word": "powr"}),
    ("find_note", {"word": "power"}),
    ("calculate", {"left": 1240, "sign": "+", "right": 86.5}),
    "Rent and power come to 1326.50 a month.",
]


def agent(emitter: Emitter, question: str) -> str:
    """Asks the model until it answers; what a tool can't do is told to the model, as any result is."""

    @emitter.tool
    def find_note(word: str) -> str:
        return NOTES[word]

    @emitter.tool
    def calculate(left: float, sign: str, right: float) -> float:
        operations: dict[str, Callable[[float, float], float]] = {"+": operator.add, "-": operator.sub}
        return operations[sign](left, right)

    tools: dict[str, Callable[..., Any]] = {"find_note": find_note, "calculate": calculate}
    length = len(question)
    for said in SCRIPT:
        length += 200
        with emitter.model_call("scripted-1", "scripted") as call:
            usage = Usage(input_tokens=length, output_tokens=20, cost_usd=length * 2e-6)
            if isinstance(said, str):
                for number, word in enumerate(said.split()):
                    call.emitter.message_delta("answer", f" {word}" if number else word)
            call.complete(usage, finish_reason="stop" if isinstance(said, str) else "tool_calls")
        if isinstance(said, str):
            emitter.message_created("assistant", said, message_id="answer")
            return said
        name, arguments = said
        try:
            tools[name](**arguments)
        except KeyError as error:
            emitter.message_created("tool", f"there is no note about {error}")
    return "I don't know."


def main(store: str) -> None:
    """One run, on a bus that a person watches and a file remembers."""
    with newswire.Bus("demo") as bus:
        bus.attach("console:")
        bus.attach(f"sqlite:{store}")
        meter = bus.watch(UsageMeter())
        question = "What do I pay a month for the flat?"
        with bus.emitter(session_id="demo").run("household", question) as run:
            run.emitter.message_created("user", question)
            with run.emitter.agent("accountant") as accountant:
                accountant.complete(agent(accountant.emitter, question))
        total = meter.snapshot().total
    print(f"{total.calls} model calls, {total.tokens} tokens, ${total.cost_usd:.4f}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "agent.db")
