//! The stream: an answer that comes in pieces.

use super::Merge::Never;
use super::Text;
use super::table::rows;

rows! { STREAM: None;
    "stream.interrupted" StreamInterrupted Warn Never, "An answer was cut off while it came.",
    otel Absent("a span that is cut off has an error"), agui Absent("AG-UI ends the message as if it were whole"),
    (reason: Option<Text> = Meta => "Why.";)
    {stream_id: Option<Text> = Id => "The message or reasoning that was cut off.";}
}
