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

/// Reads one member, if it stands there as it usually does; it may take letters and say no.
type Read = fn(&mut Draft, &mut Scan<'_>, &mut EventReader) -> Option<()>;

/// The members that events begin with, in their order.
const USUAL: [(&str, Read); 9] = [
    ("seq", |draft, scan, _| {
        draft.seq = scan.take_digits(r#""seq":"#)?;
        Some(())
    }),
    ("id", |draft, scan, _| {
        scan.take_text(r#""id":""#).then_some(())?;
        draft.id = parse_uuid(scan.take_quoted(UUID_LEN)?).ok();
        draft.id.map(drop)
    }),
    ("kind", |draft, scan, before| {
        draft.kind = kind(scan.take_word(r#""kind":""#)?, before);
        draft.kind.as_ref().map(drop)
    }),
    ("time", |draft, scan, before| {
        scan.take_text(r#""time":""#).then_some(())?;
        draft.time_ns = before.second.parse_time(scan.take_quoted(TIME_LEN)?);
        draft.time_ns.map(drop)
    }),
    ("source", |draft, scan, before| {
        scan.take_text(r#""source":"#).then_some(())?;
        draft.source_or_shared(scan, before).ok()
    }),
    ("scope", |draft, scan, before| {
        scan.take_text(r#""scope":"#).then_some(())?;
        draft.scope_or_shared(scan, before).ok()
    }),
    ("correlation", |draft, scan, before| {
        draft.correlation = correlation(scan, before)?;
        Some(())
    }),
    ("component", |draft, scan, _| {
        draft.component = Some(component(scan)?);
        Some(())
    }),
    ("severity", |draft, scan, _| {
        draft.severity = Severity::parse(scan.take_word(r#""severity":""#)?).ok();
        draft.severity.map(drop)
    }),
];

impl Draft {
    /// Reads members as far as they are as usual; gives their names.
    pub(super) fn usual<'t>(&mut self, scan: &mut Scan<'t>, before: &mut EventReader) -> Seen<'t> {
        let mut seen = Seen::default();
        for (name, read) in USUAL {
            let start = scan.mark();
            let begins = scan.take_text(if seen.is_empty() { "{" } else { "," });
            match begins.then(|| read(self, scan, before)).flatten() {
                Some(()) => seen.add(Cow::Borrowed(name)),
                None => scan.back_to(start),
            }
        }
        seen
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
