"""A workflow within a workflow: found by the parent's id, or followed by spans as deep as it goes."""

import newswire
from newswire import Emitter, TraceTree


def clean(emitter: Emitter) -> None:
    with emitter.workflow("cleaning"):
        with emitter.step("trim"):
            pass
        with emitter.step("deduplicate") as step:
            step.cancel("nothing to do")


bus = newswire.Bus()
children = bus.subscribe("parent_workflow=wf-parent")
tree = bus.watch(TraceTree())

emitter = bus.emitter(workflow_id="wf-parent")
with emitter.workflow("data_pipeline"):
    with emitter.step("load"):
        pass
    with emitter.step("clean"):
        # The workflow of the emitter becomes the parent of the new one; spans go on by themselves.
        clean(emitter.with_context(parent_workflow_id="wf-parent", workflow_id="wf-child"))

print("events of the child:")
for event in children.next_batch(timeout=0):
    print(f"  {event.scope['workflow']} {event.kind}")
print("all of it:")
for node in tree.snapshot().nodes:
    print(f"  {'  ' * node.depth}{node.scope} {node.label}: {node.status}")
