//! The step: one part of a workflow, a stage or middleware of a pipeline.

use super::Elsewhere::{Absent, As};
use super::table::lifecycle;
use super::{Failure, Json, Text};

lifecycle! {
    Step step STEP WorkflowStep "A step of a workflow", otel Absent("OpenTelemetry has no operation for a step"),
    identity (name: Text = Meta => "The step.";)
    started "step.started" StepStarted step_started agui As("STEP_STARTED"),
        (input: Option<Json> = Content => "What it was given.";)
        {step_type: Option<Text> = Meta => "What sort of step: `agent`, `transform`, `conditional`.";
         index: Option<u64> = Meta => "Its place in the workflow, from 0.";
         attempt: Option<u64> = Meta => "Which try it is, from 1.";}
    progress "step.progress" StepProgress step_progress agui Absent("AG-UI has no progress of a step"),
    completed "step.completed" StepCompleted step_completed agui As("STEP_FINISHED"),
        outcome output: Option<Json> = Content => "What it resulted in.";
        {step_type: Option<Text> = Meta => "What sort of step it was.";
         index: Option<u64> = Meta => "Its place in the workflow, from 0.";
         attempt: Option<u64> = Meta => "Which try it was, from 1.";}
    failed "step.failed" StepFailed step_failed agui As("STEP_FINISHED"),
        {step_type: Option<Text> = Meta => "What sort of step it was.";
         index: Option<u64> = Meta => "Its place in the workflow, from 0.";
         attempt: Option<u64> = Meta => "Which try it was, from 1.";}
    canceled "step.canceled" StepCanceled step_canceled agui As("STEP_FINISHED"),
}
