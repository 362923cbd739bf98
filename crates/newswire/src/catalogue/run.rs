//! The run: one request to an agent system, from its start to its answer.

use super::table::lifecycle;
use super::{Failure, Json, Text, Usage};

lifecycle! {
    Run run run_with RUN Run "A run, from request to answer,", otel Absent("a run is the trace itself"),
    identity (name: Option<Text> = Meta => "What the run is called.";)
    started "run.started" RunStarted => run_started agui As("RUN_STARTED"),
        (input: Option<Json> = Content "gen_ai.input.messages" => "What was asked.";)
        {system_prompt: Option<Text> = Content "gen_ai.system_instructions" => "The assembled system prompt.";}
    progress "run.progress" RunProgress => run_progress agui Absent("AG-UI tells progress by steps"),
    completed "run.completed" RunCompleted => run_completed agui As("RUN_FINISHED"),
        outcome output: Option<Json> = Content "gen_ai.output.messages" => "What was answered.";
        {usage: Option<Usage> = Measure => "What all its model calls used.";
         model_call_count: Option<u64> = Measure => "How many model calls it made.";
         tool_call_count: Option<u64> = Measure => "How many tool calls it made.";
         message_count: Option<u64> = Measure => "How many messages it holds at its end.";}
    failed "run.failed" RunFailed => run_failed agui As("RUN_ERROR"),
        {usage: Option<Usage> = Measure => "What all its model calls used until then.";}
    canceled "run.canceled" RunCanceled => run_canceled agui As("RUN_FINISHED"),
}
