//! The lines of a recording: what tells one sort from another, and the text of those that are no events.

use newswire::{Error, Gap, GapReason, Result};

use crate::source::Fields;

/// The version of the format that is written, and the latest that is read. It grows when older readers would
/// misunderstand what is written; what they can pass over doesn't change it.
pub const VERSION: u64 = 1;

/// The kind of the events that lines of unknown sorts become.
pub(crate) const KEPT: &str = "recording.line.kept";

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Event,
    /// The version line.
    Version,
    Gap,
    /// Something that this version doesn't know.
    Unknown,
}

/// Whether the line is an event by its first member, as all that we write are; others are to be looked at whole.
pub(crate) fn begins_as_event(line: &str) -> bool {
    line.starts_with(r#"{"seq":"#) || line.starts_with(r#"{"id":"#)
}

/// What a line of these members is.
pub(crate) fn sort_of(fields: &Fields<'_>) -> Sort {
    let has = |wanted: &str| fields.rest().any(|(name, _)| name == wanted);
    match () {
        () if has("kind") || has("id") => Sort::Event,
        () if has("newswire") => Sort::Version,
        () if has("gap") => Sort::Gap,
        () => Sort::Unknown,
    }
}

/// The line that a recording begins with.
pub(crate) fn write_version(out: &mut Vec<u8>) {
    let line = format!(
        r#"{{"newswire":"recording","version":{VERSION},"writer":"newswire {}"}}"#,
        env!("CARGO_PKG_VERSION")
    );
    out.extend_from_slice(line.as_bytes());
    out.push(b'\n');
}

/// Checks a version line; gives the names of what it has besides.
pub(crate) fn read_version(mut fields: Fields<'_>) -> Result<Vec<String>> {
    let what = fields.take_text("newswire")?.unwrap_or_default();
    if what != "recording" {
        let message = format!("this is {what:?} of Newswire, no recording");
        return Err(Error::invalid(message)
            .at_column(1)
            .expecting(r#"{"newswire":"recording","version":1}"#));
    }
    fields.take_text("writer")?;
    match fields.take_as::<u64>("version", "the number of a version, from 1")? {
        Some(1..=VERSION) => Ok(fields.rest().map(|(name, _)| name.into_owned()).collect()),
        Some(later) if later > VERSION => {
            let message = format!("the recording is of version {later}, which is newer than this program");
            Err(Error::invalid(message).at_path("version").expecting(format!("at most version {VERSION}")))
        }
        _ => Err(Error::invalid("the recording has no version").at_column(1).expecting("a version, from 1")),
    }
}

/// The line that tells a gap.
pub(crate) fn write_gap(gap: &Gap, out: &mut Vec<u8>) {
    let Gap { first, last, count, reason } = gap;
    let reason = reason.as_str();
    let line = format!(r#"{{"gap":{{"first":{first},"last":{last},"count":{count},"reason":"{reason}"}}}}"#);
    out.extend_from_slice(line.as_bytes());
    out.push(b'\n');
}

/// Reads a gap's line; gives the names of what it has besides, `gap.reason` where the reason is unknown.
pub(crate) fn read_gap(mut fields: Fields<'_>) -> Result<(Gap, Vec<String>)> {
    let raw = fields.take("gap").ok_or_else(|| Error::invalid("the line has no gap").at_column(1))?;
    let mut gap = fields.object(raw)?;
    let reason = gap.take_text("reason")?;
    let mut number = |name: &str| {
        let found = gap.take_as(name, "a number from 0 to 2^64 - 1")?;
        found.ok_or_else(|| fields.unfit(raw, "a gap with first, last and count").at_path(name))
    };
    let (first, last, count) = (number("first")?, number("last")?, number("count")?);
    if first > last {
        return Err(fields.unfit(raw, "a gap whose last isn't before its first"));
    }
    let mut unknown: Vec<_> = fields.rest().map(|(name, _)| name.into_owned()).collect();
    unknown.extend(gap.rest().map(|(name, _)| format!("gap.{name}")));
    let known = reason.as_deref().map_or(GapReason::Unknown, GapReason::of_word);
    unknown.extend(reason.filter(|word| word != known.as_str()).map(|_| "gap.reason".to_owned()));
    Ok((Gap { first, last, count, reason: known }, unknown))
}
