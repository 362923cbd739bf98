//! A bounded crossbeam channel for each subscriber, the common hand-made bus.
//!
//! One mutex keeps all subscribers' orders the same, as every other fabric does; with one publisher it is
//! never contended.

use crossbeam_channel::{Receiver, Sender, bounded};
use newswire::Event;
use parking_lot::Mutex;

use crate::fabric::{Consumer, Fabric, Opened};

/// The sending ends.
pub(crate) struct Channels(Mutex<Vec<Sender<Event>>>);

/// Opens one channel a subscriber.
pub(crate) fn open(subscribers: usize, capacity: usize) -> Opened<Channels> {
    let (senders, receivers) = (0..subscribers).map(|_| bounded(capacity)).unzip();
    (Channels(Mutex::new(senders)), receivers)
}

impl Fabric for Channels {
    type Consumer = Receiver<Event>;

    fn publish(&self, event: Event) {
        let senders = self.0.lock();
        if let Some((last, others)) = senders.split_last() {
            for sender in others {
                sender.try_send(event.clone()).expect("there is room");
            }
            last.try_send(event).expect("there is room");
        }
    }
}

impl Consumer for Receiver<Event> {
    fn poll(&mut self, max: usize, each: &mut impl FnMut(&Event)) -> usize {
        self.try_iter().take(max).map(|event| each(&event)).count()
    }

    fn wait(&mut self, max: usize, each: &mut impl FnMut(&Event)) -> usize {
        each(&self.recv().expect("the fabric is open"));
        1 + self.poll(max - 1, each)
    }
}
