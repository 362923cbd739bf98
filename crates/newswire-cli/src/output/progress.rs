//! How far long work is, on one line of a terminal that is written again and again.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use newswire::{Visible, figures};

/// How often it is written again.
const PAUSE: Duration = Duration::from_millis(100);

/// The longest name that is shown, in columns.
const NAME_COLUMNS: usize = 30;

/// A line that shows how far it is; none where nobody sees it.
pub(crate) struct Progress {
    visible: bool,
    began: Instant,
    written: Option<Instant>,
    shown: bool,
    name: String,
    read: Arc<AtomicU64>,
    total: Option<u64>,
}

impl Progress {
    pub(crate) fn new(visible: bool) -> Self {
        Self {
            visible,
            began: Instant::now(),
            written: None,
            shown: false,
            name: String::new(),
            read: Arc::default(),
            total: None,
        }
    }

    /// Never shows, as where the output itself is on the terminal as it comes.
    pub(crate) fn hide(&mut self) {
        self.visible = false;
    }

    /// Work of so many bytes begins, if they are known.
    pub(crate) fn begin(&mut self, total: Option<u64>) -> Arc<AtomicU64> {
        self.began = Instant::now();
        self.total = total.filter(|total| *total > 0);
        self.read.clone()
    }

    /// Which file is at work.
    pub(crate) fn file(&mut self, name: &str) {
        self.name = Visible(name).cut(NAME_COLUMNS);
    }

    pub(crate) fn show(&mut self, events: u64, to: &mut dyn Write) {
        let due = self.written.is_none_or(|written| written.elapsed() >= PAUSE);
        if !self.visible || !due {
            return;
        }
        self.written = Some(Instant::now());
        self.shown = true;
        let line =
            line(&self.name, self.read.load(Ordering::Relaxed), self.total, events, self.began.elapsed());
        let _ = write!(to, "\r{line}\x1b[K").and_then(|()| to.flush());
    }

    pub(crate) fn clear(&mut self, to: &mut dyn Write) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(to, "\r\x1b[K").and_then(|()| to.flush());
        }
    }
}

/// `session.jsonl  45 %  1.2 GiB  812k events/s  12 s left`
fn line(name: &str, read: u64, total: Option<u64>, events: u64, spent: Duration) -> String {
    let mut parts = vec![name.to_owned()];
    let read = total.map_or(read, |total| read.min(total));
    if let Some(total) = total {
        parts.push(format!("{} %", u128::from(read) * 100 / u128::from(total)));
    }
    parts.push(figures::bytes(read));
    let seconds = spent.as_secs_f64();
    if seconds >= 0.1 {
        parts.push(format!("{} events/s", figures::count((events as f64 / seconds) as u64)));
    }
    if let Some(total) = total.filter(|_| read > 0 && seconds >= 0.5) {
        let left = seconds * (total - read) as f64 / read as f64;
        parts.push(format!("{} left", figures::duration((left.ceil() * 1e9) as u64)));
    }
    parts.join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_how_much_how_fast_and_how_long_it_still_takes() {
        let told = line("a.ndjson", 1 << 20, Some(4 << 20), 1_000_000, Duration::from_secs(2));
        assert_eq!(told, "a.ndjson  25 %  1.0 MiB  500k events/s  6.0 s left");
        assert_eq!(line("-", 512, None, 3, Duration::ZERO), "-  512 B");
    }

    #[test]
    fn nothing_is_written_where_nobody_sees_it() {
        let mut written = Vec::new();
        let mut progress = Progress::new(false);
        progress.show(1, &mut written);
        progress.clear(&mut written);
        assert!(written.is_empty());
    }
}
