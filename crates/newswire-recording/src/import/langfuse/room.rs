//! What has no room in an event: whoever wants broken records skipped gets the rest, with a mark in the place of what
//! was left out.

use newswire::{Error, ErrorKind, EventBuilder, MAX_EVENT_BYTES};

use crate::source::Fields;

/// How many bytes of a source's fields an event has room for, besides what it says itself.
const ROOM: usize = MAX_EVENT_BYTES - (64 << 10);

/// The event that a field belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Beginning,
    End,
}

/// A field that was left out.
pub(super) struct LeftOut {
    pub(super) name: String,
    bytes: usize,
    of: Of,
    /// Where it stands in its object.
    place: usize,
}

impl LeftOut {
    /// What is to be told of it.
    pub(super) fn error(&self) -> Error {
        let message = format!("it has {} bytes and was left out: an event has room for {ROOM}", self.bytes);
        Error::new(ErrorKind::TooLarge, message).at_path(&*self.name)
    }
}

/// Takes out the largest fields of each event until the others have room; `of` tells whose a field is, if anybody's.
pub(super) fn leave_out(fields: &mut Fields<'_>, of: impl Fn(&str) -> Option<Of>) -> Vec<LeftOut> {
    let found = fields.rest_with_places().filter_map(|(place, name, raw)| {
        let of = of(&name)?;
        Some(LeftOut { name: name.into_owned(), bytes: raw.get().len(), of, place })
    });
    let mut all: Vec<_> = found.collect();
    all.sort_by_key(|field| std::cmp::Reverse(field.bytes));
    let sum = |of: Of| all.iter().filter(|field| field.of == of).map(|field| field.bytes).sum::<usize>();
    let (mut beginning, mut end) = (sum(Of::Beginning), sum(Of::End));
    all.retain(|field| {
        let taken = if field.of == Of::End { &mut end } else { &mut beginning };
        let is_out = *taken > ROOM;
        if is_out {
            fields.take_at(field.place);
            *taken -= field.bytes;
        }
        is_out
    });
    all
}

/// The event with a mark for each of its fields that were left out.
pub(super) fn marked(builder: EventBuilder, left_out: &[LeftOut], of: Of) -> EventBuilder {
    let own = left_out.iter().filter(|field| field.of == of);
    own.fold(builder, |builder, LeftOut { name, bytes, .. }| {
        builder.attr(format!("langfuse.{name}"), &format!("left out: {bytes} bytes"))
    })
}
