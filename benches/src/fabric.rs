//! What is compared: ways to bring events from publishers to subscribers.
//!
//! Every peer carries the very same [`Event`], brings each to every subscriber in one order for all, and
//! is driven by the same harness, so that only the delivery differs.

use newswire::Event;

/// The publishing end.
pub(crate) trait Fabric: Send + Sync + 'static {
    /// The receiving end.
    type Consumer: Consumer;

    /// Publishes a ready event.
    fn publish(&self, event: Event);
}

/// The receiving end; loss is a panic, since work that isn't done must not be measured.
pub(crate) trait Consumer: Send + 'static {
    /// Hands over what is there now, at most `max` events; never waits.
    fn poll(&mut self, max: usize, each: &mut impl FnMut(&Event)) -> usize;

    /// Waits for one event at least, then hands over what is there, at most `max`.
    fn wait(&mut self, max: usize, each: &mut impl FnMut(&Event)) -> usize;
}

/// A fabric with its consumers.
pub(crate) type Opened<F> = (F, Vec<<F as Fabric>::Consumer>);
