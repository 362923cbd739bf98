//! Which events have an id that an event before them had. Bounded: the last ids are remembered.

use std::collections::{HashMap, VecDeque};

use newswire::Event;

/// How many ids are remembered; an event that comes again later than so many others isn't noticed.
const MAX_IDS: usize = 65_536;

/// The ids that came last.
#[derive(Default)]
pub(super) struct Ids {
    /// The line of each.
    lines: HashMap<u128, u64>,
    order: VecDeque<u128>,
    /// How many events had an id that was known, and the lines of the first of them and of its like.
    repeated: Option<(u64, u64, u64)>,
}

impl Ids {
    pub(super) fn note(&mut self, event: &Event, line: u64) {
        let id = event.id().as_u128();
        if let Some(before) = self.lines.get(&id) {
            self.repeated.get_or_insert((0, line, *before)).0 += 1;
            return;
        }
        if self.order.len() >= MAX_IDS
            && let Some(oldest) = self.order.pop_front()
        {
            self.lines.remove(&oldest);
        }
        self.lines.insert(id, line);
        self.order.push_back(id);
    }

    /// What is to be told of them, and of which line.
    pub(super) fn take_note(&mut self) -> Option<(u64, String)> {
        let (times, line, before) = self.repeated.take()?;
        let events = if times == 1 { "1 event has".to_owned() } else { format!("{times} events have") };
        Some((line, format!("{events} an id that came before, the first here that of line {before}")))
    }
}

#[cfg(test)]
mod tests {
    use newswire::Kind;

    use super::*;

    #[test]
    fn ids_beyond_the_bound_are_forgotten_the_oldest_first() {
        let event = || Event::builder(Kind::parse("a.b").unwrap()).build().unwrap();
        let (first, second) = (event(), event());
        let mut ids = Ids::default();
        ids.note(&first, 1);
        ids.note(&second, 2);
        (0..MAX_IDS as u64 - 1).for_each(|line| ids.note(&event(), line + 3));
        ids.note(&second, 7);
        ids.note(&first, 8);
        assert_eq!(ids.lines.len(), MAX_IDS);
        let (line, message) = ids.take_note().unwrap();
        assert_eq!(
            (line, &*message),
            (7, "1 event has an id that came before, the first here that of line 2")
        );
    }
}
