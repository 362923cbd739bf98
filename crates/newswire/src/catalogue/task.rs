//! The task: a piece of work that one agent hands to another and asks about later.

use super::Merge::Never;
use super::table::{lifecycle, rows};
use super::{Failure, Json, Text};

lifecycle! {
    Task task task_with TASK Task "A task", otel Absent("OpenTelemetry has no tasks between agents"),
    identity (
        task_id: Option<Text> = Id => "The task's id.";
        name: Option<Text> = Meta => "What it is called.";)
    started "task.started" TaskStarted => task_started agui Absent("AG-UI has no tasks"),
        (input: Option<Json> = Content => "What is to be done.";)
        {context_id: Option<Text> = Id => "The conversation that it belongs to.";}
    progress "task.progress" TaskProgress => task_progress agui Absent("AG-UI has no tasks"),
    completed "task.completed" TaskCompleted => task_completed agui Absent("AG-UI has no tasks"),
        outcome result: Option<Json> = Content => "What it resulted in.";
        {method: Option<Text> = Meta => "How it was done.";}
    failed "task.failed" TaskFailed => task_failed agui Absent("AG-UI has no tasks"),
        {details: Option<Json> = Content => "Whatever else is known of the error.";}
    canceled "task.canceled" TaskCanceled => task_canceled agui Absent("AG-UI has no tasks"),
}

rows! { CREATED: None;
    "task.created" TaskCreated => task_created Info Never, "A task waits to be started.",
    otel Absent("OpenTelemetry has no tasks between agents"), agui Absent("AG-UI has no tasks"),
    (task_id: Option<Text> = Id => "The task's id.";
     name: Option<Text> = Meta => "What it is called.";
     input: Option<Json> = Content => "What is to be done.";)
    {context_id: Option<Text> = Id => "The conversation that it belongs to.";
     method: Option<Text> = Meta => "How it was asked for: `message/send`.";
     timeout_ns: Option<u64> = Measure => "How long it may take.";}
}
