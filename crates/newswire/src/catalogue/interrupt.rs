//! The interrupt: somebody stops or redirects an agent that works.

use super::Merge::Never;
use super::Text;
use super::table::rows;

rows! { INTERRUPT: None;
    "interrupt.received" InterruptReceived Info Never, "Somebody wants an agent to stop or to turn elsewhere.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has interrupts that a run asks for, not ones that reach it"),
    (interrupt_type: Text = Meta => "How: `steering`, `graceful`, `hard_abort`.";)
    {role: Option<Text> = Meta => "Who says it.";
     content_bytes: Option<u64> = Measure => "How long what they say is.";
     queued_count: Option<u64> = Measure => "How many messages wait.";
     hint_bytes: Option<u64> = Measure => "How long the hint to the model is.";
     content: Option<Text> = Content => "What they say.";}
}
