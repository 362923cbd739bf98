//! `newswire play`: a recorded session goes through a real bus to the live view and to a summary.
//!
//! Nothing is dropped: both subscriptions make the publisher wait, because a file has all the time in the
//! world. Whoever pauses the reader of the output pauses the play.

use std::io::Write;
use std::thread;
use std::time::Duration;

use newswire::{
    Bus, Console, ConsoleOptions, Error, ErrorKind, Filter, Result, Sink, SubscribeOptions, WhenFull,
};
use newswire_recording::{Importer, open};

use crate::args::{Color, Play};
use crate::notice;
use crate::stdio::Output;
use crate::summary::Summary;

/// How long the play waits for a reader that doesn't read.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Plays the session; gives what the user should know besides.
pub(crate) fn play(args: &Play, out: &Output, color_welcome: bool) -> Result<Option<String>> {
    let mut session = open(&args.file)?;
    let bus = Bus::new();
    let waiting =
        SubscribeOptions { when_full: WhenFull::Block, max_wait: PATIENCE, ..SubscribeOptions::default() };
    let options = SubscribeOptions { name: "summary".to_owned(), ..waiting.clone() };
    let subscription = bus.subscribe_with(Filter::all(), options)?;

    let color = match args.color {
        Color::Auto => color_welcome,
        Color::Always => true,
        Color::Never => false,
    };
    let console = Console::new(out.clone(), ConsoleOptions { width: args.width.into(), color });
    let mut options = console.options();
    options.queue = SubscribeOptions { internal: true, coalesce: options.queue.coalesce, ..waiting };
    let view = bus.attach_sink("console:", Box::new(console), options)?;

    let (played, summary) = thread::scope(|scope| {
        let counting = scope.spawn(|| Summary::of(subscription));
        let played = publish(&mut *session, &bus, out);
        bus.close(PATIENCE);
        (played, counting.join())
    });
    view.detach()?;
    let summary = summary.map_err(|_| Error::new(ErrorKind::Io, "the summary could not be computed"))?;
    let mut out = out.clone();
    write!(out, "\n{summary}")
        .and_then(|()| out.flush())
        .map_err(|error| Error::new(ErrorKind::Io, format!("the output can't be written: {error}")))?;
    played.map(|()| notice::of(session.report()))
}

/// Publishes what is left of the session, unless nobody reads any more.
fn publish(session: &mut dyn Importer, bus: &Bus, out: &Output) -> Result<()> {
    for event in session {
        bus.publish(event?)?;
        if out.is_unread() {
            break;
        }
    }
    Ok(())
}
