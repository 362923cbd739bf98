//! The first steps of a publish: check, the cause, enrichers, redaction, the size.

use super::core::Core;
use crate::ambient;
use crate::error::{Error, Rejected};
use crate::event::{Event, measure};

impl Core {
    /// The event as it is to be published.
    #[inline(always)]
    pub(super) fn prepare(&self, event: Event) -> Result<Event, Rejected<Event>> {
        if self.alterations.are_there() || ambient::is_busy() { self.alter(event) } else { Ok(event) }
    }

    #[cold]
    fn alter(&self, event: Event) -> Result<Event, Rejected<Event>> {
        let alter = self.alterations.are_there();
        let mut altered = event.clone();
        if let Some(cause) = ambient::event() {
            altered.caused_by(&cause);
        }
        let altered = if alter { self.alterations.apply(altered) } else { Ok(altered) };
        match altered.and_then(remeasured) {
            Ok(altered) => Ok(altered),
            Err(error) => Err(Rejected { error, value: event }),
        }
    }
}

fn remeasured(mut event: Event) -> Result<Event, Error> {
    let size = measure(event.data())?;
    event.data_mut().size = size;
    Ok(event)
}

impl Event {
    /// What is published while an event is handled carries that event's id and trace, unless it has its own.
    fn caused_by(&mut self, cause: &Event) {
        let (id, trace) = (cause.id(), cause.correlation().trace);
        let correlation = self.correlation();
        if correlation.causation.is_none() || correlation.trace.is_none() && trace.is_some() {
            let correlation = &mut self.data_mut().correlation;
            correlation.causation.get_or_insert(id);
            correlation.trace = correlation.trace.or(trace);
        }
    }
}
