"""An answer as it is written: chunks are events, and a subscription may have several merged into one.

Here the terminal prints each chunk; a slower consumer, such as a browser, gets the same text in fewer events.
"""

import json

import newswire
from newswire import Event
from newswire.payloads import MessageDelta, ModelCallCompleted, Usage

with newswire.Bus() as bus:

    @bus.on(MessageDelta)
    def print_chunk(event: Event[MessageDelta]) -> None:
        print(event.payload.text, end="", flush=True)

    # 50 ms are customary; here it is long, so that a busy machine prints the same.
    browser = bus.subscribe("message.delta or model.call.completed", coalesce=5.0)

    with bus.emitter().model_call("scripted-1", "scripted") as call:
        for chunk in ("Sales ", "in ", "Q4 ", "went ", "up ", "by 15 %."):
            call.emitter.message_delta("m-1", chunk)
        call.complete(Usage(input_tokens=120, output_tokens=9))

print()
for event in browser:
    if isinstance(event.payload, MessageDelta):
        chunks = event.merged[1] if event.merged else 1
        print(f"browser: {json.dumps(event.payload.text)}, from {chunks} chunks")
    elif isinstance(event.payload, ModelCallCompleted) and event.payload.usage:
        print(f"browser: done, {event.payload.usage.output_tokens} tokens")
