//! The tag: a marked piece of a model's answer that a handler acts on.

use super::table::lifecycle;
use super::{Failure, Json, Text};

lifecycle! {
    Tag tag tag_with TAG WorkflowStep "The handling of a tag", otel Absent("OpenTelemetry has no operation for it"),
    identity (name: Text = Meta => "The tag.";)
    started "tag.started" TagStarted agui Absent("AG-UI has no tags"),
        (attributes: Option<Json> = Content => "Its attributes, by name.";)
        {data: Option<Json> = Content => "Whatever its handler adds.";}
    progress "tag.progress" TagProgress agui Absent("AG-UI has no tags"),
    completed "tag.completed" TagCompleted agui Absent("AG-UI has no tags"),
        outcome output: Option<Json> = Content => "What it resulted in.";
        {data: Option<Json> = Content => "Whatever its handler adds.";}
    failed "tag.failed" TagFailed agui Absent("AG-UI has no tags"),
        {data: Option<Json> = Content => "Whatever its handler adds.";}
    canceled "tag.canceled" TagCanceled agui Absent("AG-UI has no tags"),
}
