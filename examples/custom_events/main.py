"""Kinds of one's own: any dotted name, typed where that helps; registering one is optional."""

import json
from dataclasses import dataclass

import newswire
from newswire import Event, InvalidError


# A payload of one's own is a class that knows its kind.
@newswire.payload("middleware.cache.hit")
@dataclass
class CacheHit:
    cache_key: str
    response_bytes: int


bus = newswire.Bus()
hits = bus.subscribe("middleware.cache.* and payload.response_bytes > 1000")
deploys = bus.subscribe("deploy.* and severity >= warn and tag:canary")
emitter = bus.emitter()

# Typed: emitted with the context of the emitter, and only if somebody wants it.
emitter.emit(CacheHit("greeting", 12))
emitter.emit(CacheHit("report", 48_000))

# Untyped: any JSON, with a sentence for people; tags and attributes are the emitter's.
emitter = emitter.with_context(tags=["canary"], attrs={"region": "eu-1"})
bus.publish(
    emitter.event("deploy.finished", {"version": "1.2"}, severity="warn", message="Deployed, one check is flaky")
)

for event in hits.next_batch(timeout=0):
    hit = event.payload
    print(f"{event.kind}: {hit.cache_key} has {hit.response_bytes} bytes")
for event in deploys.next_batch(timeout=0):
    print(f"{event.kind}: {event.message} in {json.dumps(event.attrs['region'])}")
# Names have a grammar; a wrong one says so.
try:
    Event("Deploy Finished")
except InvalidError as mistake:
    print(f"column {mistake.column}: {mistake.message}")
# A payload that doesn't fit its reader is an error of the reader, with its place.
odd = Event("middleware.cache.hit", {"cache_key": "report"})
try:
    print(odd.payload)
except InvalidError as mistake:
    print(f"{mistake.path}: {mistake.code}")
