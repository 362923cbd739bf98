//! The workflow: a pipeline, graph or state machine of steps.

use super::Elsewhere::{Absent, As};
use super::table::lifecycle;
use super::{Failure, Json, Text, Usage};

lifecycle! {
    Workflow workflow WORKFLOW Workflow "A workflow or pipeline", otel As("invoke_workflow"),
    identity (name: Option<Text> = Meta "gen_ai.workflow.name" => "The workflow.";)
    started "workflow.started" WorkflowStarted workflow_started agui As("STEP_STARTED"),
        (input: Option<Json> = Content => "What it was given.";)
        {step_count: Option<u64> = Measure => "How many steps it has.";
         middleware_count: Option<u64> = Measure => "How many middlewares wrap it.";
         nodes: Option<Json> = Meta => "The nodes of its graph.";
         edges: Option<Json> = Meta => "The edges of its graph.";}
    progress "workflow.progress" WorkflowProgress workflow_progress agui Absent("its steps tell its progress"),
    completed "workflow.completed" WorkflowCompleted workflow_completed agui As("STEP_FINISHED"),
        outcome output: Option<Json> = Content => "What it resulted in.";
        {usage: Option<Usage> = Measure => "What its model calls used.";
         step_count: Option<u64> = Measure => "How many steps it took.";
         message_count: Option<u64> = Measure => "How many messages it holds at its end.";
         transition_count: Option<u64> = Measure => "How often it changed its state.";
         final_state: Option<Text> = Meta => "The state that it ended in.";}
    failed "workflow.failed" WorkflowFailed workflow_failed agui As("STEP_FINISHED"),
        {failed_step: Option<Text> = Meta => "The step that failed.";
         failed_step_index: Option<u64> = Meta => "Its place, from 0.";}
    canceled "workflow.canceled" WorkflowCanceled workflow_canceled agui As("STEP_FINISHED"),
}
