//! Prototype: a queue for each subscription, all filled by the publisher under the mutex that orders.

use std::collections::VecDeque;
use std::sync::Arc;

use newswire::Event;
use parking_lot::{Condvar, Mutex};

use crate::fabric::{Consumer, Fabric, Opened};

/// The publishing end: the seq, and all queues.
pub(crate) struct Queues(Mutex<(u64, Vec<Arc<Queue>>)>);

/// One subscriber's queue.
pub(crate) struct Queue {
    items: Mutex<Items>,
    ready: Condvar,
    capacity: usize,
}

#[derive(Default)]
struct Items {
    events: VecDeque<(u64, Event)>,
    asleep: bool,
    lost: u64,
}

/// The receiving end.
pub(crate) struct Reader(Arc<Queue>);

/// Opens one queue a subscriber.
pub(crate) fn open(subscribers: usize, capacity: usize) -> Opened<Queues> {
    let queue = |_| Arc::new(Queue { items: Mutex::default(), ready: Condvar::new(), capacity });
    let queues: Vec<_> = (0..subscribers).map(queue).collect();
    let readers = queues.iter().cloned().map(Reader).collect();
    (Queues(Mutex::new((0, queues))), readers)
}

impl Fabric for Queues {
    type Consumer = Reader;

    fn publish(&self, event: Event) {
        let mut state = self.0.lock();
        state.0 += 1;
        let (seq, queues) = &*state;
        for queue in queues {
            let mut items = queue.items.lock();
            if items.events.len() == queue.capacity {
                items.events.pop_front();
                items.lost += 1;
            }
            items.events.push_back((*seq, event.clone()));
            if std::mem::take(&mut items.asleep) {
                drop(items);
                queue.ready.notify_one();
            }
        }
    }
}

impl Consumer for Reader {
    fn poll(&mut self, max: usize, each: &mut impl FnMut(&Event)) -> usize {
        for taken in 0..max {
            let next = self.0.items.lock().events.pop_front();
            match next {
                Some((_, event)) => each(&event),
                None => return taken,
            }
        }
        max
    }

    fn wait(&mut self, max: usize, each: &mut impl FnMut(&Event)) -> usize {
        let mut items = self.0.items.lock();
        while items.events.is_empty() {
            items.asleep = true;
            self.0.ready.wait(&mut items);
        }
        drop(items);
        self.poll(max, each)
    }
}
