//! The hook: a program of the user that may look at, change or stop what an agent does.

use super::table::lifecycle;
use super::{Failure, Json, Text};

lifecycle! {
    Hook hook hook_with HOOK Hook "A hook", otel Absent("OpenTelemetry has no operation for it"),
    identity (name: Text = Meta => "The hook.";
        point: Option<Text> = Meta => "Where it is called: `before_tool`, `after_model`.";)
    started "hook.started" HookStarted agui Absent("AG-UI has no hooks"),
        (input: Option<Json> = Content => "What it gets to see.";)
        {}
    progress "hook.progress" HookProgress agui Absent("AG-UI has no hooks"),
    completed "hook.completed" HookCompleted agui Absent("AG-UI has no hooks"),
        outcome action: Option<Text> = Meta => "What it decided: `continue`, `modify`, `respond`, `deny`, `abort`.";
        {output: Option<Json> = Content => "What it gave instead.";
         reason: Option<Text> = Meta => "Why.";}
    failed "hook.failed" HookFailed agui Absent("AG-UI has no hooks"),
        {}
    canceled "hook.canceled" HookCanceled agui Absent("AG-UI has no hooks"),
}
