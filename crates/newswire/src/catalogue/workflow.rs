//! The workflow: a pipeline, graph or state machine of steps.

use super::Merge::Never;
use super::table::{lifecycle, rows};
use super::{Failure, Json, Text, Usage};

lifecycle! {
    Workflow workflow workflow_with WORKFLOW Workflow "A workflow or pipeline", otel As("invoke_workflow"),
    identity (name: Option<Text> = Meta "gen_ai.workflow.name" => "The workflow.";)
    started "workflow.started" WorkflowStarted => workflow_started agui As("STEP_STARTED"),
        (input: Option<Json> = Content => "What it was given.";)
        {step_count: Option<u64> = Measure => "How many steps it has.";
         middleware_count: Option<u64> = Measure => "How many middlewares wrap it.";
         nodes: Option<Json> = Meta => "The nodes of its graph.";
         edges: Option<Json> = Meta => "The edges of its graph.";}
    progress "workflow.progress" WorkflowProgress => workflow_progress agui Absent("its steps tell its progress"),
    completed "workflow.completed" WorkflowCompleted => workflow_completed agui As("STEP_FINISHED"),
        outcome output: Option<Json> = Content => "What it resulted in.";
        {usage: Option<Usage> = Measure => "What its model calls used.";
         step_count: Option<u64> = Measure => "How many steps it took.";
         failed_step_count: Option<u64> = Measure => "How many of its steps failed without consequence.";
         message_count: Option<u64> = Measure => "How many messages it holds at its end.";
         transition_count: Option<u64> = Measure => "How often it changed its state.";
         final_state: Option<Text> = Meta => "The state that it ended in.";}
    failed "workflow.failed" WorkflowFailed => workflow_failed agui As("STEP_FINISHED"),
        {failed_step: Option<Text> = Meta => "The step that failed.";
         failed_step_index: Option<u64> = Meta => "Its place, from 0.";
         step_count: Option<u64> = Measure => "How many steps it had taken.";
         failed_step_count: Option<u64> = Measure => "How many of its steps failed.";}
    canceled "workflow.canceled" WorkflowCanceled => workflow_canceled agui As("STEP_FINISHED"),
}

rows! { MORE: None;
    "workflow.transitioned" WorkflowTransitioned Info Never, "A workflow has gone from one of its states to another.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has no transitions"),
    (from: Option<Text> = Meta => "The state that it left.";
     to: Option<Text> = Meta => "The state that it is in now.";)
    {event: Option<Text> = Meta => "What made it go.";
     task: Option<Text> = Meta => "The prompt of the new state.";
     extras: Option<Json> = Meta => "What the host adds.";}

    "workflow.visit_limit.exceeded" WorkflowVisitLimitExceeded Warn Never, "A state of a workflow would be entered more often than it may.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has no limits"),
    (from: Option<Text> = Meta => "The state that it is in.";
     to: Option<Text> = Meta => "The state that it may not enter.";)
    {event: Option<Text> = Meta => "What made it go.";
     visit_count: Option<u64> = Measure => "How often it was entered.";
     max_visit_count: Option<u64> = Measure => "How often it may be.";
     redirected_to: Option<Text> = Meta => "The state that it goes to instead.";
     terminated: Option<bool> = Meta => "Whether the workflow ends.";}

    "workflow.budget.exhausted" WorkflowBudgetExhausted Warn Never, "A workflow has used up what it may.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has no limits"),
    (limit: Text = Meta => "What: `max_total_visits`, `max_tool_calls`, `max_wall_time_sec`.";)
    {current: Option<u64> = Meta => "How much it has used, in the limit's own unit.";
     max: Option<u64> = Meta => "How much it may, in the same unit.";
     state: Option<Text> = Meta => "The state that it is in.";
     transition_count: Option<u64> = Measure => "How often it changed its state.";}
}
