//! What changes an event before it gets its seq: enrichers, then redaction. What the bus was told to check is
//! checked between them, so that a bus that does none of it asks one question only.
//!
//! Both run in the publisher's thread, at every door. An enricher that fails leaves the event as it was; a
//! rule that fails masks all that it could have meant. Either is counted.

mod checks;
mod class;
mod enrich;
mod mask;
mod path;
mod redact;

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use checks::Checks;
pub use enrich::{Enricher, Enrichment};
pub use redact::Redaction;

use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::options::BusOptions;
use crate::sync::plain::Mutex;

type Enrich = dyn Fn(&mut Enrichment) + Send + Sync;

/// How many enrichers a bus has at most.
const MAX_ENRICHERS: usize = 64;
/// How many redaction rules a bus has at most.
const MAX_RULES: usize = 256;

thread_local! {
    /// The buses whose enrichers are on this thread's stack, so that what they publish doesn't come back.
    static ENRICHING: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Takes the last bus off the stack, also where what an enricher panicked with panics again when freed.
struct Enriching;

impl Drop for Enriching {
    fn drop(&mut self) {
        ENRICHING.with(|buses| buses.borrow_mut().pop());
    }
}

#[derive(Clone, Default)]
struct Chain {
    enrichers: Vec<(u64, Arc<Enrich>)>,
    rules: Vec<Arc<Redaction>>,
    last_id: u64,
}

/// Enrichers, checks and redaction rules.
pub(crate) struct Alterations {
    /// How many there are, so that a bus without any pays one load.
    count: AtomicUsize,
    chain: Mutex<Arc<Chain>>,
    failures: AtomicU64,
    pub(super) checks: Checks,
}

impl Alterations {
    pub(super) fn new(options: &BusOptions) -> Self {
        let checks = Checks::new(options);
        let count = AtomicUsize::new(checks.count());
        Self { count, chain: Mutex::default(), failures: AtomicU64::new(0), checks }
    }

    /// Whether there are any.
    #[inline]
    pub(crate) fn are_there(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    /// Whether component ids are checked; one load where nothing is altered.
    pub(crate) fn checks_component_ids(&self) -> bool {
        self.are_there() && self.checks.component_ids()
    }

    pub(super) fn add_enricher(&self, enricher: Arc<Enrich>) -> Result<u64> {
        self.change(|chain| {
            check_room(chain.enrichers.len(), MAX_ENRICHERS, "enrichers")?;
            chain.last_id += 1;
            chain.enrichers.push((chain.last_id, enricher));
            Ok(chain.last_id)
        })
    }

    fn remove_enricher(&self, id: u64) {
        // Removing what is there can't fail.
        let _ = self.change(|chain| {
            chain.enrichers.retain(|(other, _)| *other != id);
            Ok(())
        });
    }

    pub(super) fn add_rule(&self, rule: Redaction) -> Result<()> {
        self.change(|chain| {
            check_room(chain.rules.len(), MAX_RULES, "redaction rules")?;
            chain.rules.push(Arc::new(rule));
            Ok(())
        })
    }

    fn change<R>(&self, change: impl FnOnce(&mut Chain) -> Result<R>) -> Result<R> {
        let mut chain = self.chain.lock();
        let mut changed = Chain::clone(&chain);
        let result = change(&mut changed)?;
        let count = changed.enrichers.len() + changed.rules.len() + self.checks.count();
        self.count.store(count, Ordering::Relaxed);
        let before = std::mem::replace(&mut *chain, Arc::new(changed));
        drop(chain);
        // What an enricher holds is freed outside the lock: it may be user code.
        drop(before);
        Ok(result)
    }

    /// The event as it is to be published.
    ///
    /// # Errors
    /// `Invalid` for what a check fails, on a bus that rejects it.
    pub(crate) fn apply(&self, event: Event) -> Result<Event> {
        let chain = self.chain.lock().clone();
        let event = self.enrich(&chain, event);
        self.checks.pass(&event)?;
        Ok(self.redact(&chain, event))
    }

    fn enrich(&self, chain: &Chain, mut event: Event) -> Event {
        let this = std::ptr::from_ref(self) as usize;
        if chain.enrichers.is_empty() || ENRICHING.with(|buses| buses.borrow().contains(&this)) {
            return event;
        }
        ENRICHING.with(|buses| buses.borrow_mut().push(this));
        let _enriching = Enriching;
        for (_, enricher) in &chain.enrichers {
            let mut enrichment = Enrichment::of(&event);
            let ended = catch_unwind(AssertUnwindSafe(|| enricher(&mut enrichment)));
            match ended.ok().and_then(|()| enrichment.finish(&event).ok()) {
                Some(enriched) => event = enriched,
                None => self.count_failure(),
            }
        }
        event
    }

    fn redact(&self, chain: &Chain, mut event: Event) -> Event {
        let kind = event.kind().clone();
        for rule in chain.rules.iter().filter(|rule| rule.covers(&kind)) {
            // A typed payload is serialised here, which is user code.
            match catch_unwind(AssertUnwindSafe(|| rule.masked(&event))) {
                Ok(Ok(Some(masked))) => event = masked,
                Ok(Ok(None)) => {}
                Ok(Err(_)) | Err(_) => {
                    self.count_failure();
                    event = rule.blanked(event);
                }
            }
        }
        event
    }

    fn count_failure(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }
}

fn check_room(count: usize, max: usize, what: &str) -> Result<()> {
    if count < max {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Full, format!("the bus has {max} {what}, which is its limit")))
}
