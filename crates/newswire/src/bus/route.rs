//! Who gets an event: routes, and the index that finds them by kind and by one equality.
//!
//! A route is a distinct filter with all its subscriptions, so a filter is evaluated once however many
//! share it. For every kind that has been published there is a table of the routes that could match: those
//! that certainly do, those that do if one field has one value (found by hash), and those that have to be
//! evaluated. What isn't in the table costs nothing, however much it is.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::interest::{self, Bits};
use crate::event::{Event, IndexField};
use crate::filter::{Filter, Look, Need};
use crate::kind::Kind;
use crate::subscriber::Subscriber;
use crate::subscription::tape::Tape;

/// A distinct filter and its subscriptions.
pub(crate) struct Route {
    pub(crate) filter: Filter,
    pub(crate) internal: bool,
    /// Which kinds it is counted for in the interest mask.
    pub(crate) bits: Box<Bits>,
    /// What its broad subscriptions read, while there are any.
    pub(crate) tape: Option<Tape>,
    /// How many read the tape.
    pub(crate) readers: u32,
    /// The largest buffer among them.
    pub(crate) window: u64,
    /// Those of them that sleep.
    pub(crate) sleepers: Vec<Arc<Subscriber>>,
    /// Subscriptions with queues of their own, by priority, then age.
    pub(crate) own: Vec<Arc<Subscriber>>,
    /// Readers of the tape that are served inline, by priority, then age.
    pub(crate) inline: Vec<Arc<Subscriber>>,
    /// All that read the tape.
    pub(crate) on_tape: Vec<Arc<Subscriber>>,
}

type Places = HashMap<Box<str>, Vec<(usize, bool)>, RandomState>;

/// The routes that could match events of one kind.
#[derive(Default)]
struct KindTable {
    /// These match.
    decided: Vec<usize>,
    /// These match (or, with `true`, could) if the field has the value.
    indexed: Vec<(IndexField, Places)>,
    /// These have to be asked.
    evaluate: Vec<usize>,
}

/// All routes of a bus.
#[derive(Default)]
pub(crate) struct Routes {
    routes: Vec<Option<Route>>,
    free: Vec<usize>,
    by_filter: HashMap<(Filter, bool), usize, RandomState>,
    tables: Vec<Option<Box<KindTable>>>,
    /// How many look into payloads under the lock: filters, if it comes to that, and keys.
    pub(crate) looking_inside: usize,
    /// Raised by every change, so that what was evaluated outside the lock is known to be still right.
    pub(crate) version: u64,
}

impl Routes {
    /// The route of a filter; made where there is none. Says whether it was.
    pub(crate) fn enter(&mut self, filter: &Filter, internal: bool) -> (usize, bool) {
        self.version += 1;
        if let Some(&place) = self.by_filter.get(&(filter.clone(), internal)) {
            return (place, false);
        }
        let route = Route {
            filter: filter.clone(),
            internal,
            bits: Box::new(interest::bits(|kind| filter.admits_kind(kind))),
            tape: None,
            readers: 0,
            window: 0,
            sleepers: Vec::new(),
            own: Vec::new(),
            inline: Vec::new(),
            on_tape: Vec::new(),
        };
        let place = self.free.pop().unwrap_or(self.routes.len());
        if place == self.routes.len() {
            self.routes.push(None);
        }
        for (slot, table) in self.tables.iter_mut().enumerate() {
            if let Some(table) = table {
                table.enter(place, filter, Kind::at(slot).as_ref());
            }
        }
        if let Some(vacant) = self.routes.get_mut(place) {
            *vacant = Some(route);
        }
        self.by_filter.insert((filter.clone(), internal), place);
        self.looking_inside += usize::from(filter.looks_inside());
        (place, true)
    }

    /// Removes a route that nobody is on any more.
    pub(crate) fn leave(&mut self, place: usize) -> Option<Route> {
        self.version += 1;
        let route = self.routes.get_mut(place).and_then(Option::take)?;
        self.by_filter.remove(&(route.filter.clone(), route.internal));
        self.looking_inside -= usize::from(route.filter.looks_inside());
        for (slot, table) in self.tables.iter_mut().enumerate() {
            if let Some(table) = table {
                table.leave(place, &route.filter, Kind::at(slot).as_ref());
            }
        }
        self.free.push(place);
        Some(route)
    }

    pub(crate) fn get_mut(&mut self, place: usize) -> Option<&mut Route> {
        self.routes.get_mut(place).and_then(Option::as_mut)
    }

    /// Where the route of a filter is.
    pub(crate) fn find(&self, filter: &Filter, internal: bool) -> Option<usize> {
        self.by_filter.get(&(filter.clone(), internal)).copied()
    }

    /// Whether a subscription that gets internal events could want some of `kind` that are about another.
    pub(crate) fn wants_notice(&self, kind: &Kind, about: u64) -> bool {
        let hears = |route: &Route| route.own.iter().any(|subscriber| subscriber.id != about);
        self.routes
            .iter()
            .flatten()
            .any(|route| route.internal && route.filter.admits_kind(kind) && hears(route))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Route> {
        self.routes.iter_mut().flatten()
    }

    /// Makes the kind's table, if there is none; says whether it did.
    pub(crate) fn learn(&mut self, kind: &Kind) -> bool {
        let slot = kind.slot();
        if self.tables.get(slot).is_some_and(Option::is_some) {
            return false;
        }
        let mut table = KindTable::default();
        for (place, route) in self.routes.iter().enumerate() {
            if let Some(route) = route {
                table.enter(place, &route.filter, Kind::at(slot).as_ref());
            }
        }
        if self.tables.len() <= slot {
            self.tables.resize_with(slot + 1, || None);
        }
        if let Some(vacant) = self.tables.get_mut(slot) {
            *vacant = Some(Box::new(table));
        }
        true
    }

    /// Puts the routes that match into `matched`, and those that have to be asked into `ask`. False when
    /// the kind has no table yet: see [`Routes::learn`].
    #[inline]
    pub(crate) fn find_matches(
        &self,
        event: &Event,
        matched: &mut Vec<usize>,
        ask: &mut Vec<(usize, Filter)>,
    ) -> bool {
        let Some(Some(table)) = self.tables.get(event.kind().slot()) else { return false };
        matched.extend_from_slice(&table.decided);
        for (field, places) in &table.indexed {
            if let Some(found) = event.index_value(field).and_then(|value| places.get(value)) {
                for &(place, more) in found {
                    if more {
                        ask.extend(self.filter_at(place).map(|filter| (place, filter)));
                    } else {
                        matched.push(place);
                    }
                }
            }
        }
        ask.extend(table.evaluate.iter().filter_map(|&place| Some((place, self.filter_at(place)?))));
        true
    }

    /// The one route that the event matches, where the tables alone can tell: nothing has to be evaluated.
    #[inline]
    pub(crate) fn only_match(&mut self, event: &Event) -> Option<&mut Route> {
        let table = self.tables.get(event.kind().slot())?.as_ref()?;
        if !table.evaluate.is_empty() || table.decided.len() > 1 {
            return None;
        }
        let mut only = table.decided.first().copied();
        for (field, places) in &table.indexed {
            match event.index_value(field).and_then(|value| places.get(value)).map(Vec::as_slice) {
                None => {}
                Some(&[(place, false)]) if only.is_none() => only = Some(place),
                Some(_) => return None,
            }
        }
        self.routes.get_mut(only?)?.as_mut()
    }

    /// Whether a handler on the route has its key in the payload.
    pub(crate) fn has_key_inside(&self, place: usize) -> bool {
        let route = self.routes.get(place).and_then(Option::as_ref);
        route.is_some_and(|route| route.own.iter().any(|subscriber| subscriber.looks_inside()))
    }

    fn filter_at(&self, place: usize) -> Option<Filter> {
        self.routes.get(place)?.as_ref().map(|route| route.filter.clone())
    }
}

/// Those of the asked filters that want the event; the payload is parsed at most once.
pub(crate) fn evaluate(event: &Event, asked: &[(usize, Filter)], matched: &mut Vec<usize>) {
    let mut look = Look::default();
    matched.extend(
        asked.iter().filter(|(_, filter)| filter.matches_with(event, &mut look)).map(|(place, _)| *place),
    );
}

impl KindTable {
    /// `kind` is `None` for the slot that all kinds share that are not interned: they are compared as text.
    fn enter(&mut self, place: usize, filter: &Filter, kind: Option<&Kind>) {
        match kind.map(|kind| (filter.admits_kind(kind), filter.needs(kind))) {
            Some((false, _)) => {}
            Some((true, Need::Nothing)) => self.decided.push(place),
            Some((true, Need::Equality(field, value))) => self.index(field, value, place, false),
            Some((true, Need::EqualityAnd(field, value))) => self.index(field, value, place, true),
            Some((true, Need::Evaluate)) | None => self.evaluate.push(place),
        }
    }

    fn leave(&mut self, place: usize, filter: &Filter, kind: Option<&Kind>) {
        match kind.map(|kind| (filter.admits_kind(kind), filter.needs(kind))) {
            Some((false, _)) => {}
            Some((true, Need::Nothing)) => self.decided.retain(|other| *other != place),
            Some((true, Need::Equality(field, value) | Need::EqualityAnd(field, value))) => {
                let Some(places) = self.at_value(field, value) else { return };
                places.retain(|(other, _)| *other != place);
                if places.is_empty() {
                    self.forget(field, value);
                }
            }
            Some((true, Need::Evaluate)) | None => self.evaluate.retain(|other| *other != place),
        }
    }

    fn index(&mut self, field: &IndexField, value: &str, place: usize, more: bool) {
        if let Some(places) = self.at_value(field, value) {
            places.push((place, more));
        }
    }

    fn at_value(&mut self, field: &IndexField, value: &str) -> Option<&mut Vec<(usize, bool)>> {
        if !self.indexed.iter().any(|(present, _)| present == field) {
            self.indexed.push((*field, Places::default()));
        }
        let (_, places) = self.indexed.iter_mut().find(|(present, _)| present == field)?;
        Some(places.entry(value.into()).or_default())
    }

    fn forget(&mut self, field: &IndexField, value: &str) {
        for (present, places) in &mut self.indexed {
            if present == field {
                places.remove(value);
            }
        }
        self.indexed.retain(|(_, places)| !places.is_empty());
    }
}
