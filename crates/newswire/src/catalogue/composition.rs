//! The composition: a small graph of steps, declared as data and run as one.

use super::Merge::Never;
use super::table::{lifecycle, rows};
use super::{Failure, Json, Text};

lifecycle! {
    Composition composition composition_with COMPOSITION Workflow "A composition", otel As("invoke_workflow"),
    identity (name: Text = Meta "gen_ai.workflow.name" => "The composition.";)
    started "composition.started" CompositionStarted agui Absent("AG-UI tells of steps only"),
        (input: Option<Json> = Content => "What it was given.";)
        {}
    progress "composition.progress" CompositionProgress agui Absent("AG-UI tells of steps only"),
    completed "composition.completed" CompositionCompleted agui Absent("AG-UI tells of steps only"),
        outcome output: Option<Json> = Content => "What it resulted in.";
        {}
    failed "composition.failed" CompositionFailed agui Absent("AG-UI tells of steps only"),
        {output: Option<Json> = Content => "What it gave all the same.";}
    canceled "composition.canceled" CompositionCanceled agui Absent("AG-UI tells of steps only"),
}

lifecycle! {
    CompositionStep composition_step composition_step_with STEP WorkflowStep "A step of a composition", otel Absent("OpenTelemetry has no operation for it"),
    identity (name: Text = Meta => "The step.";)
    started "composition.step.started" CompositionStepStarted agui Absent("AG-UI tells of steps only"),
        (input: Option<Json> = Content => "What it was given.";)
        {step_type: Option<Text> = Meta => "What sort of step: `agent`, `tool`, `branch`.";
         attempt: Option<u64> = Meta => "Which try it is, from 1.";}
    progress "composition.step.progress" CompositionStepProgress agui Absent("AG-UI tells of steps only"),
    completed "composition.step.completed" CompositionStepCompleted agui Absent("AG-UI tells of steps only"),
        outcome output: Option<Json> = Content => "What it resulted in.";
        {step_type: Option<Text> = Meta => "What sort of step it was.";
         input: Option<Json> = Content => "What it was given.";
         attempt: Option<u64> = Meta => "Which try it was, from 1.";}
    failed "composition.step.failed" CompositionStepFailed agui Absent("AG-UI tells of steps only"),
        {step_type: Option<Text> = Meta => "What sort of step it was.";
         input: Option<Json> = Content => "What it was given.";
         output: Option<Json> = Content => "What it gave all the same.";
         attempt: Option<u64> = Meta => "Which try it was, from 1.";}
    canceled "composition.step.canceled" CompositionStepCanceled agui Absent("AG-UI tells of steps only"),
}

rows! { MORE: None;
    "composition.branch.evaluated" CompositionBranchEvaluated Info Never, "A composition has chosen one of its branches.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI tells of steps only"),
    (step: Text = Meta => "The step that chooses.";
     taken: Option<Text> = Meta => "The branch that it took.";)
    {}

    "composition.parallel.joined" CompositionParallelJoined Info Never, "All branches of a parallel step have ended.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI tells of steps only"),
    (step: Text = Meta => "The step.";
     branches: Option<Json> = Meta => "Its branches, a list of id and status.";)
    {}
}
