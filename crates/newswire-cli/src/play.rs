//! `newswire play`: a recording goes through a real bus to the output and to a summary.
//!
//! What shows the events catches up on the publisher's own thread, so that nothing can be dropped: whoever
//! pauses the reader of the output pauses the play.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use newswire::{Bus, Delivery, Error, Event, Filter, Result, Visible};
use newswire_recording::{Clock, Controls, PlayOptions, Player, SystemClock};

use crate::args::{Play, Reading};
use crate::between::Between;
use crate::events::Display;
use crate::io::{Io, Stop};
use crate::notice;
use crate::reading::{Message, Recordings};
use crate::source::Wanted;
use crate::strange::Strange;
use crate::summary::{INDENT, Unseen, Watching};
use crate::table::wrapped;

/// How long a play that waits doesn't look whether it should end.
const GLANCE: Duration = Duration::from_millis(50);

/// Shows every event of the bus.
#[derive(Clone)]
struct Show(Arc<Mutex<Shown>>);

struct Shown {
    display: Display,
    watching: Watching,
    /// What kept it from being shown.
    failed: Option<Error>,
}

impl Show {
    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows what has been published.
    fn catch_up(&self) {
        let Shown { display, watching, failed } = &mut *self.lock();
        watching.catch_up(|delivery| {
            // The first failure ends the play.
            if failed.is_none() {
                *failed = match delivery {
                    Delivery::Event(event) => display.event(event).err(),
                    Delivery::Gap(gap) => display.gap(&gap).err(),
                };
            }
        });
    }

    /// Shows what has been published, and has the display do something then.
    fn catch_up_and(&self, act: impl FnOnce(&mut Display) -> Result<()>) {
        self.catch_up();
        let Shown { display, failed, .. } = &mut *self.lock();
        if failed.is_none() {
            *failed = act(display).err();
        }
    }

    /// Sees to it that the event, which is about to be published, is shown even if it is internal.
    fn expect(&self, event: &Event, bus: &Bus) {
        if !event.internal() || !self.lock().watching.would_miss(event) {
            return;
        }
        self.catch_up();
        let Shown { watching, failed, .. } = &mut *self.lock();
        if let Err(error) = watching.watch_internal(bus) {
            failed.get_or_insert(error);
        }
    }

    fn is_unread(&self) -> bool {
        self.lock().display.is_unread()
    }

    fn check(&self) -> Result<()> {
        self.lock().failed.clone().map_or(Ok(()), Err)
    }
}

/// The deliveries of a recording, for the player; all else is taken down on the way.
struct Deliveries<'a> {
    recordings: &'a mut Recordings,
    io: &'a mut Io,
    bus: &'a Bus,
    show: Show,
    strange: &'a mut Strange,
    between: Between,
    unseen: Unseen,
}

impl Iterator for Deliveries<'_> {
    type Item = Result<Delivery>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.recordings.next(self.io)? {
                Message::Item { delivery, .. } => {
                    delivery.as_ref().event().into_iter().for_each(|event| self.strange.see(event));
                    if self.between.takes(&delivery) {
                        if let Delivery::Event(event) = &delivery {
                            self.show.expect(event, self.bus);
                            if self.unseen.add(event) {
                                self.show.catch_up();
                            }
                        }
                        return Some(Ok(delivery));
                    }
                }
                Message::Pause => self.show.catch_up_and(Display::flush),
                other => self.recordings.note(other, self.io),
            }
            // What can't be shown need not be played.
            if self.show.check().is_err() {
                return None;
            }
        }
    }
}

/// The player's clock: while it waits, what has been played is shown, and the user may end it.
struct Watched {
    clock: SystemClock,
    stop: Stop,
    controls: Controls,
    show: Show,
}

impl Clock for Watched {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn wait(&self, until: Option<Duration>) {
        self.show.catch_up_and(Display::flush);
        if self.stop.is_set() || self.show.check().is_err() || self.show.is_unread() {
            return self.controls.stop();
        }
        let soon = self.now() + GLANCE;
        self.clock.wait(Some(until.map_or(soon, |until| until.min(soon))));
    }
}

/// Plays the recording, to its end or as far as it goes.
///
/// # Errors
/// Where the output can't be written.
pub(crate) fn play(args: &Play, io: &mut Io) -> Result<u8> {
    let timed = args.from.is_some() || args.to.is_some();
    let (filter, between, options) = match understood(args) {
        Ok(understood) => understood,
        Err(error) => return Ok(io.refuse(&error)),
    };
    if !io.json {
        io.progress.hide();
    }
    let mut strange = Strange::of(&filter)?;
    let sought = strange.and_all_of(&filter).ok();
    let wanted = sought.map(|filter| wanted(&filter, &between)).unwrap_or_default();
    let reading = Reading { wanted, ..args.reading.clone() };
    let bus = Bus::new();
    // Programs add up for themselves what they want to know.
    let watching =
        if io.json { Watching::without_summary(&bus, &filter)? } else { Watching::on(&bus, &filter)? };
    let display = Display::new(io, io.width);
    let show = Show(Arc::new(Mutex::new(Shown { display, watching, failed: None })));

    let mut recordings = Recordings::open(io, std::slice::from_ref(&args.file), &reading)?;
    let stop = io.stop();
    let deliveries = Deliveries {
        recordings: &mut recordings,
        io,
        bus: &bus,
        show: show.clone(),
        strange: &mut strange,
        between,
        unseen: Unseen::default(),
    };
    let player = Player::of(deliveries, options)?;
    let controls = player.controls();
    let clock = Watched { clock: SystemClock::default(), stop, controls, show: show.clone() };
    let played = player.with_clock(clock).play(&bus);
    io.clear_progress();
    show.catch_up_and(Display::end);
    let closed = bus.close(Duration::ZERO);
    show.check()?;

    recordings.interrupt_if(played.stopped && io.is_stopped());
    let mut total = recordings.total;
    total.wrong.extend(played.error.map(|error| notice::of_stop(played.events, &error)));
    total.wrong.extend(notice::of_lost(&closed, show.lock().watching.missed()));
    if total.files == 0 {
        total.tell(io);
        return Ok(total.code());
    }
    if !io.json {
        let summary = show.lock().watching.summary();
        let mut text = wrapped(&format!("\n{summary}"), io.whole_width, INDENT);
        for wrong in &total.wrong {
            text.push_str(&format!("{}\n", Visible(wrong)));
        }
        io.print(&text)?;
    }
    if timed && played.events == 0 && total.events > 0 && !played.stopped {
        io.tell("no event lies in the time that was asked for");
    }
    if !show.is_unread() {
        strange.tell(io);
    }
    total.tell(io);
    Ok(total.code())
}

/// What a store is asked for: offsets count from the first event, whether it matches or not.
fn wanted(filter: &Filter, between: &Between) -> Wanted {
    if between.counts_from_the_first() {
        return Wanted::default();
    }
    Wanted { filter: Some(filter.clone()), from_ns: between.beginning_ns(), ..Wanted::default() }
}

/// What is to be played, and how.
fn understood(args: &Play) -> Result<(Filter, Between, PlayOptions)> {
    let filter = args.filter.as_deref().map_or_else(|| Ok(Filter::all()), Filter::parse)?;
    let between = Between::parse(args.from.as_deref(), args.to.as_deref())?;
    Ok((filter, between, PlayOptions { pace: args.speed, ..PlayOptions::default() }))
}
