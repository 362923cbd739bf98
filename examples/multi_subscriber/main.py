"""Several subscribers of one bus: each has its own filter, queue and pace, and none of them disturbs another."""

import logging

import newswire
from newswire import Event, Gap

logging.getLogger("newswire").addHandler(logging.NullHandler())  # the failure below is meant
counted = 0


def count(event: Event) -> None:
    global counted
    counted += 1
    if event.kind == "step.failed":
        raise ConnectionError("the metrics server is away")


with newswire.Bus() as bus:  # what waits to be pulled stays readable
    # A user interface: only what people see, pulled when it has time.
    ui = bus.subscribe("message.created")
    # A counter, on a thread of the bus; what fails there is counted and harms nobody else.
    bus.on("*", count)
    # A log that nobody reads, with room for three events.
    log = bus.subscribe("*", name="log", buffer=3, gaps="yield")

    emitter = bus.emitter()
    emitter.message_created("user", "How are you?")
    emitter.step("think").fail("too hard")
    emitter.model_call("scripted-1", "scripted").complete()
    emitter.message_created("assistant", "Fine.")
    report = bus.close()

for event in ui:
    print(f"ui: {event.seq} {event.payload_json()}")
# Loss is never silent: it is told in its place.
for item in log:
    match item:
        case Gap(first, last, _, reason):
            print(f"log: {first} to {last} are missing ({reason})")
        case Event():
            print(f"log: {item.seq} {item.kind}")
books = log.stats()["books"]
print(f"log: matched {books['matched']} = handled {books['handled']} + dropped {books['dropped']}")
(metrics,) = report["subscriptions"]
print(f"metrics: called {counted}, failed {metrics['books']['failed']}")
