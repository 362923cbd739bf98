//! How deep an event stands: the tree of spans, as far as it is remembered.

use std::collections::HashMap;

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
    depth: usize,
    used: u64,
}

impl Nesting {
    /// The depth of `event`; its span, if it begins or continues one, is remembered.
    pub(super) fn depth(&mut self, event: &Event, phase: Option<Phase>) -> usize {
        let correlation = event.correlation();
        let parent = correlation.parent_span.and_then(|span| self.seen(span));
        let below = parent.map_or(0, |depth| (depth + 1).min(MAX_DEPTH));
        let Some(span) = correlation.span else { return below };
        match (self.seen(span), phase) {
            (Some(depth), Some(_)) => depth,
            // What only happens within a span stands under it.
            (Some(depth), None) => (depth + 1).min(MAX_DEPTH),
            (None, Some(_)) => {
                self.remember(span, below);
                below
            }
            (None, None) => below,
        }
    }

    fn seen(&mut self, span: SpanId) -> Option<usize> {
        self.uses += 1;
        let seen = self.spans.get_mut(&span)?;
        seen.used = self.uses;
        Some(seen.depth)
    }

    fn remember(&mut self, span: SpanId, depth: usize) {
        if self.spans.len() >= MAX_SPANS {
            let mut uses: Vec<_> = self.spans.values().map(|seen| seen.used).collect();
            let middle = uses.len() / 2;
            let (_, median, _) = uses.select_nth_unstable(middle);
            let median = *median;
            self.spans.retain(|_, seen| seen.used > median);
        }
        self.uses += 1;
        self.spans.insert(span, Seen { depth, used: self.uses });
    }
}
