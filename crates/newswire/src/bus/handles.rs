//! The handles of a bus: how many there are, and what the last one does.

use std::sync::Arc;

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
