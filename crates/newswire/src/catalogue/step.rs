//! The step: one part of a workflow.

use super::Merge::Never;
use super::table::{lifecycle, rows};
use super::{Failure, Json, Text};

lifecycle! {
    Step step step_with STEP WorkflowStep "A step of a workflow", otel Absent("OpenTelemetry has no operation for a step"),
    identity (name: Text = Meta => "The step.";)
    started "step.started" StepStarted => step_started agui As("STEP_STARTED"),
        (input: Option<Json> = Content => "What it was given.";)
        {step_type: Option<Text> = Meta => "What sort of step: `agent`, `transform`, `conditional`.";
         index: Option<u64> = Meta => "Its place in the workflow, from 0.";
         attempt: Option<u64> = Meta => "Which try it is, from 1.";
         data: Option<Json> = Content => "Whatever the runtime adds.";}
    progress "step.progress" StepProgress => step_progress agui Absent("AG-UI has no progress of a step"),
    completed "step.completed" StepCompleted => step_completed agui As("STEP_FINISHED"),
        outcome output: Option<Json> = Content => "What it resulted in.";
        {step_type: Option<Text> = Meta => "What sort of step it was.";
         index: Option<u64> = Meta => "Its place in the workflow, from 0.";
         attempt: Option<u64> = Meta => "Which try it was, from 1.";
         data: Option<Json> = Content => "Whatever the runtime adds.";}
    failed "step.failed" StepFailed => step_failed agui As("STEP_FINISHED"),
        {step_type: Option<Text> = Meta => "What sort of step it was.";
         index: Option<u64> = Meta => "Its place in the workflow, from 0.";
         attempt: Option<u64> = Meta => "Which try it was, from 1.";
         data: Option<Json> = Content => "Whatever the runtime adds.";}
    canceled "step.canceled" StepCanceled => step_canceled agui As("STEP_FINISHED"),
}

rows! { MORE: None;
    "step.routed" StepRouted Info Never, "A step has chosen where to go on.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has no routes"),
    (name: Text = Meta => "The step.";
     route: Text = Meta => "The way that it chose.";)
    {reason: Option<Text> = Content => "Why.";}

    "step.retried" StepRetried Warn Never, "A step is tried again after an error.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has no retries"),
    (name: Text = Meta => "The step.";
     attempt: u64 = Meta => "Which try begins now; the first was 1.";)
    {max_attempt_count: Option<u64> = Measure => "How many tries there may be.";
     error: Option<Failure> = Content "error.type" => "What went wrong before.";
     backoff_ns: Option<u64> = Measure => "How long it waits before.";}
}
