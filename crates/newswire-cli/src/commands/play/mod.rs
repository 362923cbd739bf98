//! `newswire play`: a recording goes through a real bus to the output and to a summary.
//!
//! What shows the events catches up on the publisher's own thread, so that nothing can be dropped: whoever
//! pauses the reader of the output pauses the play.

mod between;
mod clock;
mod deliveries;
mod shown;

use std::path::PathBuf;
use std::time::Duration;

use newswire::{Bus, Filter, Result, Visible};
use newswire_recording::{Pace, PlayOptions, Player, SystemClock};

use super::options::Matching;
use crate::input::{Reading, Recordings, Wanted};
use crate::output::{Display, Io, notice, wrapped};
use crate::watch::{INDENT, Strange, Unseen, Watching};
use between::Between;
use clock::Watched;
use deliveries::Deliveries;
use shown::Shown;

/// Plays a recording through a bus: shows every event, then sums up
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire play session.jsonl --width 120 --color always | less -R
  newswire play run.ndjson --speed 10 --filter 'tool.*' --from 2m --to 5m
  gunzip -c session.jsonl.gz | newswire play - | jq -r .kind

On a terminal it is the live view; a pipe gets the events, a line of JSON each. Times of --from and --to are
offsets from the first event (90s, 5m, 1h30m) or times (2026-11-20T09:30:00Z). Where the recording breaks,
what came before is shown and summed up, and the exit code is 1.")]
pub(crate) struct Play {
    /// The recording; - for the standard input
    file: PathBuf,

    /// How fast: 1 as it happened, 10 ten times as fast, max as fast as possible
    #[arg(long, default_value = "max", value_name = "FACTOR|max", allow_hyphen_values = true, value_parser = pace)]
    speed: Pace,

    #[command(flatten)]
    matching: Matching,

    /// Only events from then on
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    from: Option<String>,

    /// Only events until then
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    to: Option<String>,

    #[command(flatten)]
    reading: Reading,
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
    let bus = Bus::new();
    // Programs add up for themselves what they want to know.
    let watching =
        if io.json { Watching::without_summary(&bus, &filter)? } else { Watching::on(&bus, &filter)? };
    let shown = Shown::new(Display::new(io, io.width), watching);

    let mut recordings = Recordings::open(io, std::slice::from_ref(&args.file), &args.reading, wanted)?;
    let stop = io.stop();
    let deliveries = Deliveries {
        recordings: &mut recordings,
        io,
        bus: &bus,
        shown: shown.clone(),
        strange: &mut strange,
        between,
        unseen: Unseen::default(),
    };
    let player = Player::of(deliveries, options)?;
    let controls = player.controls();
    let clock = Watched { clock: SystemClock::default(), stop, controls, shown: shown.clone() };
    let played = player.with_clock(clock).play(&bus);
    io.clear_progress();
    shown.catch_up_and(Display::end);
    let closed = bus.close(Duration::ZERO);
    shown.check()?;

    recordings.interrupt_if(played.stopped && io.is_stopped());
    let mut total = recordings.total;
    total.wrong.extend(played.error.map(|error| notice::of_stop(played.events, &error)));
    total.wrong.extend(notice::of_lost(&closed, shown.missed()));
    if total.files == 0 {
        total.tell(io);
        return Ok(total.code());
    }
    if !io.json {
        let summary = shown.summary(total.missing);
        let mut text = wrapped(&format!("\n{summary}"), io.whole_width, INDENT);
        for wrong in &total.wrong {
            text.push_str(&format!("{}\n", Visible(wrong)));
        }
        io.print(&text)?;
    }
    if timed && played.events == 0 && total.events > 0 && !played.stopped {
        io.tell("no event lies in the time that was asked for");
    }
    if !shown.is_unread() {
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
    let filter = args.matching.filter()?;
    let between = Between::parse(args.from.as_deref(), args.to.as_deref())?;
    Ok((filter, between, PlayOptions { pace: args.speed, ..PlayOptions::default() }))
}

/// How fast a recording is played.
fn pace(text: &str) -> Result<Pace, String> {
    Pace::parse(text).map_err(|error| format!("expected {}", error.expected().unwrap_or_default()))
}
