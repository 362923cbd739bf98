//! Reads the beginning of an event's wire form where it stands letter by letter as we write it.
//!
//! Nearly all events that are read were written by us, or as our documentation shows it. Where the next letters
//! are those of the member that comes next, its name needn't be found, checked and compared, and its value ends
//! where it must. Whatever is otherwise, wrong included, is left to the reader of members, from that member on.

use std::borrow::Cow;

use super::member::{Seen, parse_uuid};
use super::read::Draft;
use super::reader::EventReader;
use super::scan::Scan;
use super::time::TIME_LEN;
use super::{Component, ComponentScope, Correlation, Severity, SpanId, TraceId};
use crate::kind::Kind;

const UUID_LEN: usize = 36;
const TRACE_LEN: usize = 32;
const SPAN_LEN: usize = 16;

impl Draft {
    /// Reads members as far as they are as usual, in their order; gives their names.
    pub(super) fn usual<'t>(&mut self, scan: &mut Scan<'t>, before: &mut EventReader) -> Seen<'t> {
        let mut seen = Seen::default();
        one("seq", scan, &mut seen, |scan| {
            self.seq = scan.take_digits(r#""seq":"#)?;
            Some(())
        });
        one("id", scan, &mut seen, |scan| {
            scan.take_text(r#""id":""#).then_some(())?;
            self.id = parse_uuid(scan.take_quoted(UUID_LEN)?).ok();
            self.id.map(drop)
        });
        one("kind", scan, &mut seen, |scan| {
            self.kind = kind(scan.take_word(r#""kind":""#)?, before);
            self.kind.as_ref().map(drop)
        });
        one("time", scan, &mut seen, |scan| {
            scan.take_text(r#""time":""#).then_some(())?;
            self.time_ns = before.second.parse_time(scan.take_quoted(TIME_LEN)?);
            self.time_ns.map(drop)
        });
        one("source", scan, &mut seen, |scan| {
            scan.take_text(r#""source":"#).then_some(())?;
            self.source_or_shared(scan, before).ok()
        });
        one("scope", scan, &mut seen, |scan| {
            scan.take_text(r#""scope":"#).then_some(())?;
            self.scope_or_shared(scan, before).ok()
        });
        one("correlation", scan, &mut seen, |scan| {
            self.correlation = correlation(scan, before)?;
            Some(())
        });
        one("component", scan, &mut seen, |scan| {
            self.component = Some(component(scan)?);
            Some(())
        });
        one("severity", scan, &mut seen, |scan| {
            self.severity = Severity::parse(scan.take_word(r#""severity":""#)?).ok();
            self.severity.map(drop)
        });
        seen
    }
}

/// Reads one member, if it stands there as it usually does. What `read` has taken before it says no, isn't taken.
#[inline(always)]
fn one<'t>(
    name: &'static str,
    scan: &mut Scan<'t>,
    seen: &mut Seen<'t>,
    read: impl FnOnce(&mut Scan<'t>) -> Option<()>,
) {
    let start = scan.mark();
    let begins = scan.take_text(if seen.is_empty() { "{" } else { "," });
    match begins.then(|| read(scan)).flatten() {
        Some(()) => seen.add(Cow::Borrowed(name)),
        None => scan.back_to(start),
    }
}

fn kind(name: &str, before: &mut EventReader) -> Option<Kind> {
    before.kinds.get(name).or_else(|| {
        let kind = Kind::parse(name).ok()?;
        before.kinds.remember(name, &kind);
        Some(kind)
    })
}

fn correlation(scan: &mut Scan<'_>, before: &mut EventReader) -> Option<Correlation> {
    scan.take_text(r#""correlation":{"trace":""#).then_some(())?;
    let mut ids = Correlation::new();
    let trace = scan.take_quoted(TRACE_LEN)?;
    ids.trace = match &before.trace {
        Some((text, id)) if **text == *trace => Some(*id),
        _ => {
            let id = TraceId::parse(trace).ok()?;
            before.trace = Some((trace.into(), id));
            Some(id)
        }
    };
    if scan.take_text(r#","span":""#) {
        ids.span = Some(SpanId::parse(scan.take_quoted(SPAN_LEN)?).ok()?);
    }
    if scan.take_text(r#","parent_span":""#) {
        ids.parent_span = Some(SpanId::parse(scan.take_quoted(SPAN_LEN)?).ok()?);
    }
    scan.take_text("}").then_some(ids)
}

fn component(scan: &mut Scan<'_>) -> Option<Component> {
    let scope = ComponentScope::parse(scan.take_word(r#""component":{"scope":""#)?).ok()?;
    let id = scan.take_word(r#","id":""#)?;
    let component = Component::new(scope, id).ok()?;
    scan.take_text("}").then_some(component)
}
