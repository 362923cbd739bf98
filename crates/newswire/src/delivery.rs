//! What a subscription gets, and what a publisher is told.

use serde::{Serialize, Serializer};

use crate::event::Event;

/// Why events are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GapReason {
    /// The queue was full.
    Full,
    /// The bus's shared budget was spent.
    SharedBudget,
    /// The queue was made smaller.
    Resized,
    /// The publisher's wait for room reached its deadline.
    WaitedTooLong,
    /// The subscription had been full for its whole `max_wait` without taking anything.
    Stalled,
    /// Waiting would have meant waiting for the publisher itself.
    WouldDeadlock,
    /// Waiting was not possible on the publisher's loop thread.
    WouldBlock,
    /// The history had already let go of them.
    Retention,
    /// The subscription or bus closed while a publisher waited.
    Closed,
    /// The store can't read them back: the disk failed, or they are damaged.
    Unreadable,
    /// Nobody knows any more, or it was told by a later version, in a word that this one doesn't know.
    Unknown,
}

impl GapReason {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Full,
        Self::SharedBudget,
        Self::Resized,
        Self::WaitedTooLong,
        Self::Stalled,
        Self::WouldDeadlock,
        Self::WouldBlock,
        Self::Retention,
        Self::Closed,
        Self::Unreadable,
        Self::Unknown,
    ];

    /// The reason of that word; [`GapReason::Unknown`] for any that is none.
    ///
    /// ```
    /// use newswire::GapReason;
    ///
    /// assert_eq!(GapReason::of_word("stalled"), GapReason::Stalled);
    /// assert_eq!(GapReason::of_word("cosmic_ray"), GapReason::Unknown);
    /// ```
    pub fn of_word(word: &str) -> Self {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == word).unwrap_or(Self::Unknown)
    }

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::SharedBudget => "shared_budget",
            Self::Resized => "resized",
            Self::WaitedTooLong => "waited_too_long",
            Self::Stalled => "stalled",
            Self::WouldDeadlock => "would_deadlock",
            Self::WouldBlock => "would_block",
            Self::Retention => "retention",
            Self::Closed => "closed",
            Self::Unreadable => "unreadable",
            Self::Unknown => "unknown",
        }
    }
}

impl Serialize for GapReason {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

/// Events that a subscription should have got and didn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Gap {
    /// Seq of the first missing event.
    pub first: u64,
    /// Seq of the last missing event.
    pub last: u64,
    /// How many matching events are missing between them, both included.
    pub count: u64,
    /// Why; of merged losses, the latest reason.
    pub reason: GapReason,
}

/// One item of a subscription: an event, or word that events are missing here.
///
/// `E` is [`Event`], or `&Event` where it is only lent: see [`Subscription::visit`](crate::Subscription::visit).
#[derive(Clone, Copy, Debug)]
pub enum Delivery<E = Event> {
    /// An event.
    Event(E),
    /// A loss, in its position.
    Gap(Gap),
}

impl<E> Delivery<E> {
    /// The event, unless this is a gap.
    pub fn event(self) -> Option<E> {
        match self {
            Self::Event(event) => Some(event),
            Self::Gap(_) => None,
        }
    }

    /// Seq of the event, or the last of the gap.
    pub(crate) fn last_seq(&self) -> u64
    where
        E: std::borrow::Borrow<Event>,
    {
        match self {
            Self::Event(event) => event.borrow().seq(),
            Self::Gap(gap) => gap.last,
        }
    }

    /// The same item, its event lent.
    pub fn as_ref(&self) -> Delivery<&E> {
        match self {
            Self::Event(event) => Delivery::Event(event),
            Self::Gap(gap) => Delivery::Gap(*gap),
        }
    }
}

/// What became of a published event, as of the return of `publish`.
///
/// `matched = delivered + deferred + dropped`, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Published {
    /// Its position; `None` where nobody wanted it and it was never built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// How many subscriptions it matched.
    pub matched: u32,
    /// Of these: queued, or called.
    pub delivered: u32,
    /// Of these: left to the thread that is serving the inline handler.
    pub deferred: u32,
    /// Of these: dropped.
    pub dropped: u32,
    /// How many full queues were waited for.
    pub blocked: u32,
}
