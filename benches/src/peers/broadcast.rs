//! `tokio::sync::broadcast`: the baseline of most goals.

use newswire::Event;
use tokio::sync::broadcast::error::TryRecvError;
use tokio::sync::broadcast::{Receiver, Sender, channel};

use crate::fabric::{Consumer, Fabric, Opened};

/// Opens a broadcast channel of events.
pub(crate) fn open(subscribers: usize, capacity: usize) -> Opened<Sender<Event>> {
    let (sender, _) = channel(capacity);
    let receivers = (0..subscribers).map(|_| sender.subscribe()).collect();
    (sender, receivers)
}

impl Fabric for Sender<Event> {
    type Consumer = Receiver<Event>;

    fn publish(&self, event: Event) {
        self.send(event).expect("somebody listens");
    }
}

impl Consumer for Receiver<Event> {
    fn poll(&mut self, max: usize, each: &mut impl FnMut(&Event)) -> usize {
        for taken in 0..max {
            match self.try_recv() {
                Ok(event) => each(&event),
                Err(TryRecvError::Empty) => return taken,
                Err(error) => panic!("broadcast lost events: {error}"),
            }
        }
        max
    }

    fn wait(&mut self, max: usize, each: &mut impl FnMut(&Event)) -> usize {
        each(&self.blocking_recv().expect("broadcast loses nothing here"));
        1 + self.poll(max - 1, each)
    }
}
