//! The system: what a runtime does for itself, in parts that have no kinds of their own.

use super::table::lifecycle;
use super::{Failure, Json, Text};

lifecycle! {
    System system system_with SYSTEM System "A doing of the runtime", otel Absent("OpenTelemetry has no operation for it"),
    identity (name: Option<Text> = Meta => "Which part of it.";)
    started "system.started" SystemStarted agui Absent("AG-UI tells of runs, not of runtimes"),
        (data: Option<Json> = Content => "Whatever it tells.";)
        {}
    progress "system.progress" SystemProgress agui Absent("AG-UI tells of runs, not of runtimes"),
    completed "system.completed" SystemCompleted agui Absent("AG-UI tells of runs, not of runtimes"),
        outcome data: Option<Json> = Content => "Whatever it tells.";
        {}
    failed "system.failed" SystemFailed agui Absent("AG-UI tells of runs, not of runtimes"),
        {data: Option<Json> = Content => "Whatever it tells.";}
    canceled "system.canceled" SystemCanceled agui Absent("AG-UI tells of runs, not of runtimes"),
}
