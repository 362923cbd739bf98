//! Payloads that would be serialised under the bus's lock.
//!
//! A typed payload is serialised when somebody first looks into it, by its type's own `Serialize`: user code,
//! which may publish. Where a key or a filter could be that somebody while the lock is held, the lock is
//! given back first, the payload serialised, and the match begun again. A bus on which nobody looks into
//! payloads pays one comparison, and the straight way not even that.

use super::interest::Interest;
use super::order::Order;
use super::route::Routes;
use crate::event::Event;
use crate::filter::Filter;

impl Routes {
    /// Whether one of these routes has a handler whose key is in the payload, which is unread as yet.
    #[inline]
    pub(super) fn have_unread_key(&self, event: &Event, matched: &[usize], ask: &[(usize, Filter)]) -> bool {
        self.looking_inside > 0 && event.is_unread() && {
            let mut places = matched.iter().chain(ask.iter().map(|(place, _)| place));
            places.any(|place| self.has_key_inside(*place))
        }
    }
}

impl Order {
    /// Those of the events whose payloads would be read while they are matched and queued under the lock.
    pub(super) fn unread_of(&mut self, events: &[Event], interest: &Interest) -> Vec<Event> {
        if self.routes.looking_inside == 0 {
            return Vec::new();
        }
        let (mut matched, mut ask) = (Vec::new(), Vec::new());
        let mut is_looked_into = |event: &&Event| {
            self.learn(event.kind(), interest);
            matched.clear();
            ask.clear();
            self.routes.find_matches(event, &mut matched, &mut ask);
            ask.iter().any(|(_, filter)| filter.looks_inside())
                || self.routes.have_unread_key(event, &matched, &ask)
        };
        events.iter().filter(|event| event.is_unread() && is_looked_into(event)).cloned().collect()
    }
}
