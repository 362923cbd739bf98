//! The handles of a bus: how many there are, and what the last one does.

use std::sync::{Arc, Weak};

use super::Bus;
use super::core::Core;
use crate::sync::Ordering;

impl Bus {
    /// The first handle.
    pub(super) fn first(core: Arc<Core>) -> Self {
        core.handles.store(1, Ordering::Relaxed);
        Self { core }
    }
}

/// A bus that others hold, or don't any more.
///
/// ```
/// let bus = newswire::Bus::new();
/// let weak = bus.downgrade();
/// assert!(weak.upgrade().is_some());
/// drop(bus);
/// assert!(weak.upgrade().is_none());
/// ```
#[derive(Clone)]
pub struct WeakBus(Weak<Core>);

impl WeakBus {
    /// Another handle of the bus, while there is one.
    pub fn upgrade(&self) -> Option<Bus> {
        let core = self.0.upgrade()?;
        let add = |handles: u64| (handles > 0).then_some(handles + 1);
        core.handles.fetch_update(Ordering::AcqRel, Ordering::Acquire, add).ok()?;
        Some(Bus { core })
    }
}

impl Bus {
    /// The bus, without holding it.
    pub fn downgrade(&self) -> WeakBus {
        WeakBus(Arc::downgrade(&self.core))
    }
}

impl Clone for Bus {
    fn clone(&self) -> Self {
        self.core.handles.fetch_add(1, Ordering::Relaxed);
        Self { core: self.core.clone() }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        // What all others have published happened before the end.
        if self.core.handles.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.core.let_go();
        }
    }
}

impl Core {
    /// Nobody can publish any more: closes, as far as a destructor may. It sets flags and wakes who sleeps;
    /// workers do the rest, and hold the bus until they have.
    #[cold]
    fn let_go(self: &Arc<Self>) {
        let Some(ended) = self.end_all(Some(self)) else {
            // It has been closed already, but the drain goes on.
            return self.closing.hold(self);
        };
        ended.tell();
        self.wake_everyone();
        if self.closing.drained().iter().any(|subscriber| subscriber.is_inline()) {
            self.pool.release_inline(self.clone());
        }
        self.see_whether_closed();
    }
}
