//! The session: everything between a user's coming and going.

use super::Merge::Never;
use super::table::{lifecycle, rows};
use super::{Failure, Json, Text, Usage};

lifecycle! {
    Session session session_with SESSION Session "A session", otel Absent("a session is an attribute: gen_ai.conversation.id"),
    identity (name: Option<Text> = Meta => "What the session is called.";)
    started "session.started" SessionStarted => session_started agui Absent("AG-UI has threads, without events of their own"),
        ()
        {system_prompt: Option<Text> = Content "gen_ai.system_instructions" => "The assembled system prompt.";
         workspace: Option<Text> = Meta => "Where it works, a folder or repository.";
         resumed: Option<bool> = Meta => "Whether it goes on from an earlier one.";}
    progress "session.progress" SessionProgress => session_progress agui Absent("AG-UI has threads, without events of their own"),
    completed "session.completed" SessionCompleted => session_completed agui Absent("AG-UI has threads, without events of their own"),
        outcome usage: Option<Usage> = Measure => "What all its model calls used.";
        {turn_count: Option<u64> = Measure => "How many turns it had.";
         summary: Option<Json> = Content => "What it came to.";}
    failed "session.failed" SessionFailed => session_failed agui Absent("AG-UI has threads, without events of their own"), {}
    canceled "session.canceled" SessionCanceled => session_canceled agui Absent("AG-UI has threads, without events of their own"),
}

rows! { SUMMARIZED: None;
    "session.summarized" SessionSummarized => session_summarized Info Never, "A session's older messages have been summed up.",
    otel Absent("a session is an attribute: gen_ai.conversation.id"), agui Absent("AG-UI has threads, without events of their own"),
    (summary: Option<Text> = Content => "What stands for them.";)
    {summary_bytes: Option<u64> = Measure => "How long that is.";
     summarized_message_count: Option<u64> = Measure => "How many messages it stands for.";
     kept_message_count: Option<u64> = Measure => "How many messages are kept as they were.";
     omitted: Option<bool> = Meta => "Whether too large ones were left out.";}
}
