//! The follow-up: what a tool leaves to be said after the turn.

use super::Merge::Never;
use super::Text;
use super::table::rows;

rows! { FOLLOW_UP: None;
    "follow_up.queued" FollowUpQueued Info Never, "Something waits to be handled after the turn.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has no turns"),
    (tool: Option<Text> = Meta "gen_ai.tool.name" => "The tool that asked for it.";
     content_bytes: Option<u64> = Measure => "How long it is.";)
    {content: Option<Text> = Content => "What it is.";}
}
