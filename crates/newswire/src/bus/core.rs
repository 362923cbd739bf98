//! What all handles of one bus share.

use std::sync::Arc;

use super::alter::Alterations;
use super::ask::Questions;
use super::close::Drain;
use super::history::History;
use super::interest::{self, Interest};
use super::order::Order;
use crate::cursor::Cursor;
use crate::error::{Error, Result};
use crate::event::new_span;
use crate::handler::pool::Pool;
use crate::handler::timer::Timer;
use crate::options::BusOptions;
use crate::sync::{AtomicBool, AtomicU64, Mutex};

/// What all handles of one bus share.
pub(crate) struct Core {
    pub(crate) options: BusOptions,
    /// The position before the first event; a bus without a name is a stream of its own.
    /// Attaching a store gives it that store's epoch. Its lock may be taken under the order's.
    pub(crate) beginning: Mutex<Cursor>,
    pub(crate) order: Mutex<Order>,
    pub(crate) interest: Interest,
    pub(crate) alterations: Alterations,
    pub(crate) pool: Pool,
    pub(crate) timer: Arc<Timer>,
    pub(crate) closing: Drain,
    /// How many there are who could publish.
    pub(super) handles: AtomicU64,
    /// Whether a publish could come to wait; once true, it stays so.
    pub(crate) may_wait: AtomicBool,
}

impl Core {
    /// Checks the options and makes a bus of them.
    ///
    /// # Errors
    /// `Invalid` or `TooLarge`, with the option's name.
    pub(crate) fn new(options: BusOptions) -> Result<Arc<Self>> {
        let at_least_one = [
            ("history_bytes", options.history_bytes),
            ("shared_bytes", options.shared_bytes),
            ("workers", options.workers),
            ("pending_requests", options.pending_requests),
            ("subscriptions", options.subscriptions),
        ];
        for (name, value) in at_least_one {
            if value == 0 {
                return Err(Error::invalid("it can't be 0")
                    .at_path(format!("options.{name}"))
                    .expecting("at least 1"));
            }
        }
        for (name, value) in
            [("history_bytes", options.history_bytes), ("shared_bytes", options.shared_bytes)]
        {
            crate::options::check_bytes(name, value)?;
        }
        let epoch = new_epoch();
        let name = if options.name.is_empty() { unnamed(epoch) } else { options.name.clone() };
        let beginning = Cursor::new(name, epoch, 0).map_err(|error| error.at_path("options.name"))?;
        Ok(Self::build(options, beginning))
    }

    /// A bus with the default options.
    pub(crate) fn with_defaults() -> Arc<Self> {
        let epoch = new_epoch();
        Self::build(BusOptions::default(), Cursor::of_stream(unnamed(epoch), epoch))
    }

    fn build(options: BusOptions, beginning: Cursor) -> Arc<Self> {
        let history = (options.history > 0).then(|| History::new(options.history, options.history_bytes, 1));
        let remembers = history.is_some();
        let order =
            Order::new(history, Questions::new(options.pending_requests), options.shared_bytes as u64);
        let timer = Timer::new();
        let core = Arc::new(Self {
            beginning: Mutex::new(beginning),
            order: Mutex::new(order),
            interest: Interest::new(),
            alterations: Alterations::new(&options),
            pool: Pool::new(options.workers, timer.clone()),
            timer,
            closing: Drain::default(),
            handles: AtomicU64::new(0),
            may_wait: AtomicBool::new(false),
            options,
        });
        if remembers {
            core.order.lock().counts.add(&interest::ALL, &core.interest);
        }
        core
    }
}

/// Which opening this is: random, so that no two are taken for one another.
fn new_epoch() -> u64 {
    new_span().get() >> 12
}

fn unnamed(epoch: u64) -> String {
    format!("stream-{epoch:x}")
}
