//! How an event hangs together with others.

use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};

use uuid::Uuid;

use crate::error::{Error, Result};

/// The id of a trace: 128 bits, not zero; 32 hexadecimal digits on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(NonZeroU128);

/// The id of a span, which is the identity of a run, a step or a call: 64 bits, not zero; 16
/// hexadecimal digits on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(NonZeroU64);

macro_rules! hex_id {
    ($id:ident, $number:ty, $nonzero:ty, $digits:literal, $new:path) => {
        impl $id {
            /// A fresh one.
            pub fn fresh() -> Self {
                $new()
            }

            /// The id of that number; `None` for zero.
            pub const fn new(number: $number) -> Option<Self> {
                match <$nonzero>::new(number) {
                    Some(number) => Some(Self(number)),
                    None => None,
                }
            }

            /// Its number.
            pub const fn get(self) -> $number {
                self.0.get()
            }

            /// Its digits on the wire.
            pub(super) fn to_hex(self) -> [u8; $digits] {
                let mut digits = [0; $digits];
                let (eights, _) = digits.as_chunks_mut::<8>();
                for (index, eight) in eights.iter_mut().rev().enumerate() {
                    *eight = eight_digits((self.get() >> (32 * index)) as u32);
                }
                digits
            }

            /// Reads lower-case hexadecimal digits.
            ///
            /// # Errors
            /// `Invalid` for any other length or digit, and for zero.
            pub fn parse(text: &str) -> Result<Self> {
                let number = (text.len() == $digits).then(|| hexadecimal(text)).flatten();
                number.and_then(|number| <$number>::try_from(number).ok()).and_then(Self::new).ok_or_else(
                    || {
                        Error::invalid(format!("{text:?} is no {}", stringify!($id)))
                            .expecting(concat!($digits, " lower-case hexadecimal digits, not all zero"))
                    },
                )
            }
        }

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{:0", $digits, "x}"), self.0)
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

/// The lower-case hexadecimal digits of a number, all at once.
fn eight_digits(number: u32) -> [u8; 8] {
    const ONES: u64 = u64::MAX / 255;
    // Each half of what is together goes as far to the left as it is long, until each digit has a byte.
    let halves = u64::from(number);
    let quarters = (halves | halves << 16) & 0x0000_ffff_0000_ffff;
    let bytes = (quarters | quarters << 8) & 0x00ff_00ff_00ff_00ff;
    let digits = (bytes | bytes << 4) & (ONES * 15);
    // What is over 9 reaches the fourth bit with 6 more.
    let is_letter = (digits + ONES * 6) >> 4 & ONES;
    (digits + ONES * u64::from(b'0') + is_letter * u64::from(b'a' - 10 - b'0')).to_be_bytes()
}

/// The number that at most 32 lower-case digits stand for, by halves that fit a register.
fn hexadecimal(text: &str) -> Option<u128> {
    let half = |digits: &[u8]| {
        digits.iter().try_fold(0_u64, |number, digit| match digit {
            b'0'..=b'9' => Some(number << 4 | u64::from(digit - b'0')),
            b'a'..=b'f' => Some(number << 4 | u64::from(digit - b'a' + 10)),
            _ => None,
        })
    };
    text.as_bytes().chunks(16).try_fold(0, |number, digits| Some(number << 64 | u128::from(half(digits)?)))
}

hex_id!(TraceId, u128, NonZeroU128, 32, super::id::new_trace);
hex_id!(SpanId, u64, NonZeroU64, 16, super::id::new_span);

/// The free-text ids of a [`Correlation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CorrelationField {
    /// The turn that this one is a part of.
    ParentTurn,
    /// The request that the event serves.
    Request,
    /// The id of the event that this one answers.
    ReplyTo,
    /// What the application joins events by.
    Correlation,
}

impl CorrelationField {
    /// All of them, in the order of the wire.
    pub const ALL: [Self; 4] = [Self::ParentTurn, Self::Request, Self::ReplyTo, Self::Correlation];

    /// The name on the wire and in filters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ParentTurn => "parent_turn",
            Self::Request => "request",
            Self::ReplyTo => "reply_to",
            Self::Correlation => "correlation",
        }
    }

    /// The field of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }
}

/// The ids that join an event to its trace, its parents, its question and its cause; all optional.
///
/// ```
/// use newswire::{Correlation, CorrelationField, SpanId};
///
/// let mut ids = Correlation::new().with(CorrelationField::Request, "q-1")?;
/// ids.span = Some(SpanId::parse("00f067aa0ba902b7")?);
/// assert_eq!(ids.get(CorrelationField::Request), Some("q-1"));
/// assert_eq!(ids.get(CorrelationField::ReplyTo), None);
/// # Ok::<(), newswire::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Correlation {
    /// The trace that the event belongs to.
    pub trace: Option<TraceId>,
    /// The run, step or call that the event is about: what aggregation keys on.
    pub span: Option<SpanId>,
    /// The span that this span is a part of.
    pub parent_span: Option<SpanId>,
    /// The event during whose handling this one was published.
    pub causation: Option<Uuid>,
    texts: Option<Box<[Option<Box<str>>; 4]>>,
}

impl Correlation {
    /// No ids at all.
    pub const fn new() -> Self {
        Self { trace: None, span: None, parent_span: None, causation: None, texts: None }
    }

    /// The same with one free-text id set.
    ///
    /// # Errors
    /// `Invalid` when it is empty, `TooLarge` over [`Scope::MAX_ID_LEN`](crate::Scope::MAX_ID_LEN) bytes.
    pub fn with(mut self, field: CorrelationField, id: impl Into<Box<str>>) -> Result<Self> {
        let id = id.into();
        super::check_text(&format_args!("correlation.{}", field.as_str()), &id)?;
        if let Some(place) = self.texts.get_or_insert_default().get_mut(field as usize) {
            *place = Some(id);
        }
        Ok(self)
    }

    /// One of the free-text ids.
    pub fn get(&self, field: CorrelationField) -> Option<&str> {
        self.texts.as_ref()?.get(field as usize)?.as_deref()
    }

    /// What its members take as JSON at most, in bytes.
    pub(super) fn json_bytes(&self) -> usize {
        const TRACE: usize = r#""trace":"00000000000000000000000000000000","#.len();
        const SPAN: usize = r#""span":"0000000000000000","#.len();
        const PARENT_SPAN: usize = r#""parent_span":"0000000000000000","#.len();
        const CAUSATION: usize = r#""causation":"00000000-0000-0000-0000-000000000000","#.len();
        let present = |is: bool, bytes: usize| if is { bytes } else { 0 };
        let mut bytes = present(self.trace.is_some(), TRACE)
            + present(self.span.is_some(), SPAN)
            + present(self.parent_span.is_some(), PARENT_SPAN)
            + present(self.causation.is_some(), CAUSATION);
        if self.texts.is_some() {
            for field in CorrelationField::ALL {
                bytes += self.get(field).map_or(0, |id| super::size::member(field.as_str(), id));
            }
        }
        bytes
    }

    /// Whether no id is present.
    pub fn is_empty(&self) -> bool {
        *self == Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_same_digits_on_the_wire_as_everywhere() {
        let numbers =
            (0..64).flat_map(|bit| [1 << bit, u64::MAX >> bit, 0x0123_4567_89ab_cdef_u64.rotate_left(bit)]);
        for number in numbers {
            let (span, trace) =
                (SpanId::new(number).unwrap(), TraceId::new(u128::from(number) << 37).unwrap());
            assert_eq!(span.to_hex(), span.to_string().as_bytes());
            assert_eq!(trace.to_hex(), trace.to_string().as_bytes());
        }
    }
}
