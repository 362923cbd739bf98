"""Errors, and what is worth another try: one subscriber sorts them, by filter instead of by `if`.

The class of an error is a field of its own, so nobody searches in messages for people.
"""

import newswire
from newswire import Emitter, InvalidError
from newswire.payloads import Failure


def fail(emitter: Emitter, sort: str, message: str, code: str | None = None) -> None:
    emitter.model_call("scripted-1", "scripted").fail(Failure(message, type=sort, code=code))


bus = newswire.Bus()
transient = bus.subscribe("model.call.failed and payload.error.type in (rate_limit, timeout)")
permanent = bus.subscribe("model.call.failed and not payload.error.type in (rate_limit, timeout)")
tools = bus.subscribe("tool.call.failed")  # usually not to be tried again

emitter = bus.emitter()
fail(emitter, "rate_limit", "429 Too Many Requests", "429")
fail(emitter, "timeout", "no answer within 30 s")
fail(emitter, "auth", "the key is not valid", "401")
emitter.tool_call("calculator", call_id="c-1").fail("division by zero")

for attempt, event in enumerate(transient.next_batch(timeout=0), start=2):
    error = event.payload.error
    print(f"again after {error.type}: {error.message}")
    # The retry is an event, too: who looks at the run sees why it took so long.
    emitter.model_call_retried(
        attempt, error, model="scripted-1", provider="scripted", backoff_ns=250_000_000 << attempt
    )
for event in permanent.next_batch(timeout=0):
    error = event.payload.error
    print(f"for good: {error.message} (code {error.code})")
for event in tools.next_batch(timeout=0):
    print(f"tool {event.payload.name}: {event.payload.error.message}")
# A mistake in a filter says where, and what was probably meant.
try:
    bus.subscribe("model.call.failed and severty >= warn")
except InvalidError as mistake:
    print(f"column {mistake.column}: {mistake.message}")
