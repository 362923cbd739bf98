//! The log: a line that a program writes about itself.

use super::Merge::Never;
use super::table::rows;
use super::{Json, Text};

rows! { LOG: None;
    "log.written" LogWritten => log_written Info Never, "A program wrote a line into its log.",
    otel Absent("a log record of its own, not of GenAI"), agui As("RAW"),
    (message: Text = Content => "The line.";)
    {logger: Option<Text> = Meta => "Which logger.";
     level: Option<Text> = Meta => "The logger's own word for how much it matters.";
     tool: Option<Text> = Meta => "The tool that wrote it.";
     fields: Option<Json> = Content => "Whatever it tells beside the line.";}
}
