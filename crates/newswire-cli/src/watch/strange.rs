//! Kinds in a filter that neither the catalogue has nor the recordings: mistyped, most likely. Applications have kinds
//! of their own, so that is no error, but a filter that silently matches nothing helps nobody.

use newswire::{Event, Filter, Result};

use crate::output::Io;

/// The kinds of a filter that nothing has matched as yet.
pub(crate) struct Strange(Vec<Unseen>);

struct Unseen {
    pattern: String,
    meant: Vec<String>,
    filter: Filter,
}

impl Strange {
    /// Those of the filter that the catalogue doesn't have.
    ///
    /// # Errors
    /// None that a filter that could be read gives.
    pub(crate) fn of(filter: &Filter) -> Result<Self> {
        let unseen = filter.unknown_kinds().into_iter().map(|(pattern, meant)| {
            let filter = Filter::kind(&pattern)?;
            Ok(Unseen { pattern, meant, filter })
        });
        Ok(Self(unseen.collect::<Result<_>>()?))
    }

    /// What the filter matches, and all of the kinds that are looked out for.
    ///
    /// # Errors
    /// Where that is too large for a filter.
    pub(crate) fn and_all_of(&self, filter: &Filter) -> Result<Filter> {
        self.0.iter().try_fold(filter.clone(), |all, unseen| all.or(unseen.filter.clone()))
    }

    /// Notes which kind there is.
    pub(crate) fn see(&mut self, event: &Event) {
        if !self.0.is_empty() {
            self.0.retain(|unseen| !unseen.filter.matches(event));
        }
    }

    /// Tells those that nothing has matched.
    pub(crate) fn tell(&self, io: &mut Io) {
        for Unseen { pattern, meant, .. } in &self.0 {
            let meant = meant.first().map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
            io.tell(&format!("no event is of kind {pattern}, nor is one in the catalogue{meant}"));
        }
    }
}
