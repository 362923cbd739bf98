//! State: what a runtime keeps between turns.

use super::Merge::Never;
use super::table::rows;
use super::{Json, Text};

rows! { STATE: None;
    "state.loaded" StateLoaded => state_loaded Debug Never, "State has been read from where it is kept.",
    otel Absent("OpenTelemetry has no state"), agui As("STATE_SNAPSHOT"),
    (name: Option<Text> = Meta => "Which state.";)
    {state: Option<Json> = Content => "The whole state.";
     message_count: Option<u64> = Measure => "How many messages it holds.";}

    "state.saved" StateSaved => state_saved Debug Never, "State has been written to where it is kept.",
    otel Absent("OpenTelemetry has no state"), agui As("STATE_SNAPSHOT"),
    (name: Option<Text> = Meta => "Which state.";)
    {state: Option<Json> = Content => "The whole state.";
     message_count: Option<u64> = Measure => "How many messages it holds.";}

    "state.changed" StateChanged => state_changed Debug Never, "A part of the state has changed.",
    otel Absent("OpenTelemetry has no state"), agui As("STATE_DELTA"),
    (name: Option<Text> = Meta => "Which state.";
     patch: Option<Json> = Content => "What changed, as a JSON Patch (RFC 6902).";)
    {from: Option<Text> = Meta => "The state that it left, of a state machine.";
     to: Option<Text> = Meta => "The state that it is in now, of a state machine.";}
}
