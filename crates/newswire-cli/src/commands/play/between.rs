//! The time that the user asked for: from when, and until when.
//!
//! A player seeks: it begins where that time is first reached, and ends where it is first passed. In what real
//! agents recorded times go back, the first event's often, so here each event is judged by its own.

use newswire::{Delivery, Error, Result};
use newswire_recording::Seek;

/// A beginning and an end, each if it was given.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Between {
    from: Option<Seek>,
    to: Option<Seek>,
    /// The time of the first event, from which offsets count.
    first_ns: Option<i64>,
    /// Whether the event before lay in between; a gap has no time of its own.
    is_inside: Option<bool>,
}

impl Between {
    /// What the user wrote.
    ///
    /// # Errors
    /// `Invalid` for what is no place in a recording, and for an end that lies before the beginning.
    pub(super) fn parse(from: Option<&str>, to: Option<&str>) -> Result<Self> {
        let between = Self {
            from: from.map(Seek::parse).transpose()?,
            to: to.map(Seek::parse).transpose()?,
            ..Self::default()
        };
        let is_empty = match (between.from, between.to) {
            (Some(Seek::Offset(from)), Some(Seek::Offset(to))) => to < from,
            (Some(Seek::Time(from)), Some(Seek::Time(to))) => to < from,
            _ => false,
        };
        if let (Some(from), Some(to), true) = (from, to, is_empty) {
            let message = format!("--to {to} lies before --from {from}, so there is nothing to play");
            return Err(Error::invalid(message).expecting("an end that isn't before the beginning"));
        }
        Ok(between)
    }

    /// The beginning, where it is a time.
    pub(super) fn beginning_ns(&self) -> Option<i64> {
        self.from.and_then(|place| match place {
            Seek::Time(time_ns) => Some(time_ns),
            Seek::Offset(_) => None,
        })
    }

    /// Whether the first event must be read to know what is wanted.
    pub(super) fn counts_from_the_first(&self) -> bool {
        [self.from, self.to].iter().any(|place| matches!(place, Some(Seek::Offset(_))))
    }

    /// Whether it lies in between; the deliveries of a recording are asked about one after another.
    pub(super) fn takes(&mut self, delivery: &Delivery) -> bool {
        let Delivery::Event(event) = delivery else {
            return self.is_inside.unwrap_or(self.from.is_none());
        };
        let time_ns = event.time_ns();
        let first_ns = *self.first_ns.get_or_insert(time_ns);
        let resolved = |place| match place {
            Seek::Time(time_ns) => time_ns,
            Seek::Offset(offset) => {
                first_ns.saturating_add(i64::try_from(offset.as_nanos()).unwrap_or(i64::MAX))
            }
        };
        let is_inside = self.from.is_none_or(|from| time_ns >= resolved(from))
            && self.to.is_none_or(|to| time_ns <= resolved(to));
        self.is_inside = Some(is_inside);
        is_inside
    }
}
