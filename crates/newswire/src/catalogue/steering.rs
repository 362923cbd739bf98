//! Steering: messages that reach an agent while it works.

use super::Json;
use super::Merge::Never;
use super::table::rows;

rows! { STEERING: None;
    "steering.injected" SteeringInjected Info Never, "Waiting messages have been put before an agent that works.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has no messages to a run under way"),
    (message_count: Option<u64> = Measure => "How many.";
     content_bytes: Option<u64> = Measure => "How long they are together.";)
    {content: Option<Json> = Content => "What they say.";}
}
