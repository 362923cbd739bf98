//! How deep an event stands: the tree of spans, as far as it is remembered.

use std::collections::HashMap;

use super::runs::Runs;
use crate::event::{Event, Phase, SpanId};

/// How many spans are remembered; beyond that the half that was not used for longest is forgotten.
const MAX_SPANS: usize = 2048;

/// Deeper is shown as this deep.
const MAX_DEPTH: usize = 12;

#[derive(Default)]
pub(super) struct Nesting {
    spans: HashMap<SpanId, Seen>,
    uses: u64,
}

struct Seen {
    place: Place,
    used: u64,
}

/// Where an event stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) depth: usize,
    /// The span of the outermost run that it belongs to.
    pub(super) run: Option<SpanId>,
}

impl Place {
    fn below(self) -> Self {
        Self { depth: (self.depth + 1).min(MAX_DEPTH), ..self }
    }
}

impl Nesting {
    /// The place of `event`; its span, if it begins or continues one, is remembered.
    pub(super) fn place(&mut self, event: &Event, phase: Option<Phase>) -> Place {
        let correlation = event.correlation();
        let parent = correlation.parent_span.and_then(|span| self.seen(span));
        let below = parent.map_or(Place::default(), Place::below);
        let Some(span) = correlation.span else { return below };
        match (self.seen(span), phase) {
            (Some(place), Some(_)) => place,
            // What only happens within a span stands under it.
            (Some(place), None) => place.below(),
            (None, Some(_)) => {
                let own = Runs::begins(event, phase).then_some(span);
                let place = Place { run: below.run.or(own), ..below };
                self.remember(span, place);
                place
            }
            (None, None) => below,
        }
    }

    fn seen(&mut self, span: SpanId) -> Option<Place> {
        self.uses += 1;
        let seen = self.spans.get_mut(&span)?;
        seen.used = self.uses;
        Some(seen.place)
    }

    fn remember(&mut self, span: SpanId, place: Place) {
        if self.spans.len() >= MAX_SPANS {
            let mut uses: Vec<_> = self.spans.values().map(|seen| seen.used).collect();
            let middle = uses.len() / 2;
            let (_, median, _) = uses.select_nth_unstable(middle);
            let median = *median;
            self.spans.retain(|_, seen| seen.used > median);
        }
        self.uses += 1;
        self.spans.insert(span, Seen { place, used: self.uses });
    }
}
