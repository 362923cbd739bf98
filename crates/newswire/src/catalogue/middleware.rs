//! The middleware: what wraps a pipeline, one layer each.

use super::table::lifecycle;
use super::{Failure, Json, Text};

lifecycle! {
    Middleware middleware middleware_with MIDDLEWARE WorkflowStep "A middleware", otel Absent("OpenTelemetry has no operation for it"),
    identity (name: Text = Meta => "The middleware.";
        index: Option<u64> = Meta => "Its place in the chain, from 0.";)
    started "middleware.started" MiddlewareStarted agui Absent("AG-UI tells of whole steps only"),
        ()
        {}
    progress "middleware.progress" MiddlewareProgress agui Absent("AG-UI tells of whole steps only"),
    completed "middleware.completed" MiddlewareCompleted agui Absent("AG-UI tells of whole steps only"),
        outcome output: Option<Json> = Content => "What it resulted in.";
        {}
    failed "middleware.failed" MiddlewareFailed agui Absent("AG-UI tells of whole steps only"),
        {}
    canceled "middleware.canceled" MiddlewareCanceled agui Absent("AG-UI tells of whole steps only"),
}
