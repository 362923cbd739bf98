//! `newswire play`: a recording goes through a real bus to the output and to a summary.
//!
//! What shows the events is served on the publisher's own thread, so that nothing can be dropped: whoever
//! pauses the reader of the output pauses the play.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use newswire::{
    Bus, Error, Event, Failure, Filter, Gap, Handler, HandlerOptions, Mode, Result, SubscribeOptions, Visible,
};

use crate::args::Play;
use crate::events::Display;
use crate::io::Io;
use crate::notice;
use crate::reading::{Item, read};
use crate::run::FAILED;
use crate::summary::Watching;

/// How long the end of a play may take; nothing is left to be done by then.
const PATIENCE: Duration = Duration::from_secs(10);

/// Shows every event of the bus.
#[derive(Clone)]
struct Show(Arc<Mutex<Shown>>);

struct Shown {
    display: Display,
    /// What kept it from being shown.
    failed: Option<Error>,
}

impl Show {
    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the display do something; the first failure ends the play.
    fn with(&self, act: impl FnOnce(&mut Display) -> Result<()>) {
        let mut shown = self.lock();
        if shown.failed.is_none()
            && let Err(error) = act(&mut shown.display)
        {
            shown.failed = Some(error);
        }
    }

    fn check(&self) -> Result<()> {
        self.lock().failed.clone().map_or(Ok(()), Err)
    }
}

impl Handler for Show {
    fn on_event(&self, event: &Event) -> Result<(), Failure> {
        self.with(|display| display.event(event));
        Ok(())
    }

    fn on_gap(&self, gap: &Gap) {
        self.with(|display| display.gap(gap));
    }
}

/// Plays the recording, to its end or as far as it goes.
///
/// # Errors
/// Where a word of the arguments isn't understood, or the output can't be written.
pub(crate) fn play(args: &Play, io: &mut Io) -> Result<u8> {
    let filter = args.filter.as_deref().map_or_else(|| Ok(Filter::all()), Filter::parse)?;
    if !io.json {
        io.progress.hide();
    }
    let bus = Bus::new();
    let watching = Watching::on(&bus)?;
    let display = Display::new(io, io.width);
    let show = Show(Arc::new(Mutex::new(Shown { display, failed: None })));
    let queue = SubscribeOptions { name: "output".to_owned(), internal: true, ..SubscribeOptions::default() };
    let options = HandlerOptions { queue, mode: Mode::Inline, ..HandlerOptions::default() };
    bus.on_with(Filter::all(), options, show.clone())?.forever();

    let mut total = read(io, std::slice::from_ref(&args.file), &args.reading, |_, item| {
        match item {
            Item::Event(event, _) if filter.matches(&event) => drop(bus.publish(event)?),
            Item::Gap(gap) => show.on_gap(&gap),
            Item::Pause => show.with(Display::flush),
            _ => return Ok(()),
        }
        show.check()
    })?;
    let closed = bus.close(PATIENCE);
    show.with(Display::end);
    show.check()?;
    let summary = watching.summary();
    total.wrong.extend(notice::of_lost(&closed, summary.missed()));
    if total.files == 0 {
        total.tell(io);
        return Ok(FAILED);
    }
    if !io.json {
        let mut text = format!("\n{summary}");
        for wrong in &total.wrong {
            text.push_str(&format!("{}\n", Visible(wrong)));
        }
        io.print(&text)?;
    }
    total.tell(io);
    Ok(total.code())
}
