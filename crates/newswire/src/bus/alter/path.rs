//! Paths of fields that may be meant in several places: `payload.args.password`, `attrs.*`, `**.token`.
//!
//! A path is walked as a set of places within it, a bit each, while the event is walked beside it; so any
//! number of `**` costs no more than none.

use crate::error::{Error, ErrorKind, Result};

/// What an event has that a rule can mean; names of ids, kind and time are not among it.
const ROOTS: [&str; 7] = ["message", "tags", "attrs", "payload", "scope", "source", "component"];

/// How many segments a path has at most: one bit each, and one for the end.
const MAX_SEGMENTS: usize = 31;
/// The longest path, in bytes.
const MAX_LEN: usize = 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Name(Box<str>),
    /// Any one member or element.
    One,
    /// Any number of them, none included.
    Any,
}

/// A path of fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path(Box<[Segment]>);

/// The places within a path that one place of the event may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Places(u32);

impl Path {
    pub(super) fn parse(text: &str) -> Result<Self> {
        if text.len() > MAX_LEN {
            let message = format!("a path has at most {MAX_LEN} bytes, this has {}", text.len());
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        let mut segments = Vec::new();
        let mut column = 1;
        for segment in text.split('.') {
            segments.push(match segment {
                "" => {
                    return Err(Error::invalid("a segment of the path is missing")
                        .at_column(column)
                        .expecting("a path such as payload.args.password, attrs.* or payload.**.token"));
                }
                "*" => Segment::One,
                "**" => Segment::Any,
                name => Segment::Name(name.into()),
            });
            column += segment.chars().count() + 1;
        }
        if segments.len() > MAX_SEGMENTS {
            let message = format!("a path has at most {MAX_SEGMENTS} segments, this has {}", segments.len());
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        match segments.first() {
            Some(Segment::Name(name)) if !ROOTS.contains(&&**name) => {
                Err(Error::invalid(format!("a rule can't mask the field {name:?}"))
                    .at_column(1)
                    .expecting(format!("{}, * or **", ROOTS.join(", "))))
            }
            _ => Ok(Self(segments.into())),
        }
    }

    /// The path that means all there is.
    pub(super) fn everything() -> Self {
        Self([Segment::Any].into())
    }

    /// The event itself.
    pub(super) fn start(&self) -> Places {
        self.past_any(1)
    }

    /// The member or element of that name; a name with dots is also what its pieces would mean.
    pub(super) fn step(&self, places: Places, name: &str) -> Places {
        let Places(whole) = self.step_one(places, name);
        if !name.contains('.') {
            return Places(whole);
        }
        let Places(pieces) = name.split('.').fold(places, |places, piece| self.step_one(places, piece));
        Places(whole | pieces)
    }

    fn step_one(&self, Places(places): Places, name: &str) -> Places {
        let mut next = 0;
        for (at, segment) in self.0.iter().enumerate().filter(|(at, _)| places & 1 << at != 0) {
            next |= match segment {
                Segment::Name(wanted) if **wanted == *name => 2 << at,
                Segment::Name(_) => 0,
                Segment::One => 2 << at,
                Segment::Any => 1 << at,
            };
        }
        self.past_any(next)
    }

    /// Whether this is what the path means.
    pub(super) fn is_meant(&self, Places(places): Places) -> bool {
        places & 1 << self.0.len() != 0
    }

    /// Adds the places that are reached because `**` may stand for nothing.
    fn past_any(&self, mut places: u32) -> Places {
        for (at, segment) in self.0.iter().enumerate() {
            if *segment == Segment::Any && places & 1 << at != 0 {
                places |= 2 << at;
            }
        }
        Places(places)
    }
}

impl Places {
    /// Whether nothing further down can be meant.
    pub(super) fn is_nowhere(self) -> bool {
        self.0 == 0
    }
}
