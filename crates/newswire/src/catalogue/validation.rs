//! Validation: a check of what goes into a model or comes out of it; a guardrail.

use super::table::lifecycle;
use super::{Failure, Json, Text};

lifecycle! {
    Validation validation validation_with VALIDATION Validation "A check of input or output", otel Absent("OpenTelemetry has no guardrails"),
    identity (name: Text = Meta => "The validator.";)
    started "validation.started" ValidationStarted => validation_started agui Absent("AG-UI has no guardrails"),
        ()
        {validation_type: Option<Text> = Meta => "What sort of check: `input`, `output`, `semantic`, `structural`.";
         direction: Option<Text> = Meta => "`input` before the model call, `output` after it.";
         attempt: Option<u64> = Meta => "Which try it is, from 1.";}
    progress "validation.progress" ValidationProgress => validation_progress agui Absent("AG-UI has no guardrails"),
    completed "validation.completed" ValidationCompleted => validation_completed agui Absent("AG-UI has no guardrails"),
        outcome passed: bool = Meta => "The verdict.";
        {validation_type: Option<Text> = Meta => "What sort of check it was.";
         direction: Option<Text> = Meta => "`input` before the model call, `output` after it.";
         violations: Option<Json> = Content => "What breaks the rules, a list.";
         enforced: Option<bool> = Meta => "Whether the guardrail changed the content.";
         score: Option<f64> = Meta => "How sure the verdict is, 0 to 1.";
         explanation: Option<Text> = Content => "Why.";
         attempt: Option<u64> = Meta => "Which try it was, from 1.";}
    failed "validation.failed" ValidationFailed => validation_failed agui Absent("AG-UI has no guardrails"),
        {validation_type: Option<Text> = Meta => "What sort of check it was.";
         direction: Option<Text> = Meta => "`input` before the model call, `output` after it.";
         enforced: Option<bool> = Meta => "Whether the guardrail changed the content.";
         score: Option<f64> = Meta => "How sure the verdict would have been, 0 to 1.";}
    canceled "validation.canceled" ValidationCanceled => validation_canceled agui Absent("AG-UI has no guardrails"),
}
