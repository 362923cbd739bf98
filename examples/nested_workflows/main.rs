//! A workflow within a workflow: found by the parent's id, or followed by spans as deep as it goes.

use newswire::view::TraceTree;
use newswire::{Bus, Delivery, Emitter, Result, ScopeField};

fn main() -> Result<()> {
    let bus = Bus::new();
    let mut children = bus.subscribe("parent_workflow=wf-parent")?;
    let tree = bus.watch(TraceTree::new())?;

    let emitter = bus.emitter().with_scope(ScopeField::Workflow, "wf-parent")?;
    let parent = emitter.workflow("data_pipeline", None);
    parent.emitter().step("load", None).complete(None)?;

    let step = parent.emitter().step("clean", None);
    clean(&within(&step.emitter(), "wf-child")?)?;
    step.complete(None)?;
    parent.complete(None)?;

    println!("events of the child:");
    while let Some(Delivery::Event(event)) = children.try_next()? {
        let id = event.scope().get(ScopeField::Workflow).unwrap_or("?");
        println!("  {id} {}", event.kind());
    }
    println!("all of it:");
    for node in tree.snapshot().nodes {
        println!("  {}{} {}: {}", "  ".repeat(node.depth), node.scope, node.label, node.status);
    }
    Ok(())
}

/// The workflow of the emitter becomes the parent of the new one; spans go on by themselves.
fn within(emitter: &Emitter, id: &str) -> Result<Emitter> {
    let parent = emitter.scope().get(ScopeField::Workflow).unwrap_or("none").to_owned();
    emitter.clone().with_scope(ScopeField::ParentWorkflow, parent)?.with_scope(ScopeField::Workflow, id)
}

fn clean(emitter: &Emitter) -> Result<()> {
    let child = emitter.workflow("cleaning", None);
    child.emitter().step("trim", None).complete(None)?;
    child.emitter().step("deduplicate", None).cancel("nothing to do")?;
    child.complete(None)?;
    Ok(())
}
