//! The turn: what follows one message of a user, until it is answered.

use super::table::lifecycle;
use super::{Failure, Json, Text, Usage};

lifecycle! {
    Turn turn turn_with TURN Turn "A turn of a conversation", otel Absent("OpenTelemetry has no operation for a turn"),
    identity (name: Option<Text> = Meta => "What the turn is called.";)
    started "turn.started" TurnStarted => turn_started agui Absent("AG-UI has runs only"),
        (input: Option<Text> = Content => "What the user said.";)
        {index: Option<u64> = Meta => "Its place in the conversation, from 0.";
         media_count: Option<u64> = Measure => "How many pieces of media came with it.";}
    progress "turn.progress" TurnProgress => turn_progress agui Absent("AG-UI has runs only"),
    completed "turn.completed" TurnCompleted => turn_completed agui Absent("AG-UI has runs only"),
        outcome output: Option<Text> = Content => "What was answered.";
        {usage: Option<Usage> = Measure => "What its model calls used.";
         iteration_count: Option<u64> = Measure => "How many rounds of the loop it took.";
         output_bytes: Option<u64> = Measure => "How long the answer is.";
         details: Option<Json> = Content => "What else the runtime tells of it: skills, tool executions, paths.";}
    failed "turn.failed" TurnFailed => turn_failed agui Absent("AG-UI has runs only"),
        {iteration_count: Option<u64> = Measure => "How many rounds of the loop it took.";
         details: Option<Json> = Content => "What else the runtime tells of it: skills, tool executions, paths.";}
    canceled "turn.canceled" TurnCanceled => turn_canceled agui Absent("AG-UI has runs only"),
        {iteration_count: Option<u64> = Measure => "How many rounds of the loop it had taken.";
         details: Option<Json> = Content => "What else the runtime tells of it: skills, tool executions, paths.";}
}
