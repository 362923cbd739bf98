//! What all handles of one bus share.

use std::sync::Arc;

use super::alter::Alterations;
use super::close::Closing;
use super::interest::{self, Interest};
use super::history::History;
use super::ask::Questions;
use super::order::Order;
use crate::error::{Error, Result};
use crate::handler::pool::Pool;
use crate::handler::timer::Timer;
use crate::options::BusOptions;
use crate::sync::Mutex;

/// What all handles of one bus share.
pub(crate) struct Core {
    pub(crate) options: BusOptions,
    /// Which opening of this bus; part of every cursor.
    pub(crate) epoch: u64,
    pub(crate) order: Mutex<Order>,
    pub(crate) interest: Interest,
    pub(crate) alterations: Alterations,
    pub(crate) pool: Pool,
    pub(crate) timer: Arc<Timer>,
    pub(crate) closing: Closing,
}

impl Core {
    /// Checks the options and makes a bus of them.
    ///
    /// # Errors
    /// `Invalid`, with the option's name.
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
                return Err(Error::invalid("it can't be 0").at_path(format!("options.{name}")).expecting("at least 1"));
            }
        }
        for (name, value) in [("history_bytes", options.history_bytes), ("shared_bytes", options.shared_bytes)] {
            crate::options::check_bytes(name, value)?;
        }
        let history = (options.history > 0).then(|| History::new(options.history, options.history_bytes));
        let remembers = history.is_some();
        let order = Order::new(history, Questions::new(options.pending_requests), options.shared_bytes as u64);
        let timer = Timer::new();
        let core = Arc::new(Self {
            epoch: (crate::event::new_span().get() >> 12).max(1),
            order: Mutex::new(order),
            interest: Interest::new(),
            alterations: Alterations::default(),
            pool: Pool::new(options.workers, timer.clone()),
            timer,
            closing: Closing::default(),
            options,
        });
        if remembers {
            core.order.lock().counts.add(&interest::ALL, &core.interest);
        }
        Ok(core)
    }
}
