//! `newswire play`: a recorded session goes through a real bus to the live view and to a summary.
//!
//! Nothing is dropped: both subscriptions make the publisher wait, because a file has all the time in the
//! world. Whoever pauses the reader of the output pauses the play.

use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use newswire::{
    Bus, Console, ConsoleOptions, Delivery, Error, ErrorKind, Filter, Result, Sink, SubscribeOptions,
    Visible, WhenFull,
};
use newswire_recording::{Import, open, read};

use crate::args::{Color, Play};
use crate::notice;
use crate::stdio::Output;
use crate::summary::Summary;

/// How long the play waits for a reader that doesn't read.
const PATIENCE: Duration = Duration::from_secs(3600);

/// What is to be told besides the output.
#[derive(Default)]
pub(crate) struct Played {
    /// What the user should know.
    pub(crate) notice: Option<String>,
    /// What went wrong; nothing, where all was played.
    pub(crate) wrong: Vec<String>,
}

impl Played {
    pub(crate) fn failed(what: String) -> Self {
        Self { notice: None, wrong: vec![what] }
    }
}

/// Plays the session, to its end or as far as it goes.
///
/// # Errors
/// Where there is nothing to play, or the summary can't be written.
pub(crate) fn play(
    args: &Play,
    input: Box<dyn Read + Send>,
    out: &Output,
    color_welcome: bool,
) -> Result<Played> {
    let mut session = match args.file.as_os_str() == "-" {
        true => read(input, "standard input")?,
        false => open(&args.file)?,
    };
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
    let console = Console::new(
        out.clone(),
        ConsoleOptions { width: args.width.into(), color, ..ConsoleOptions::default() },
    );
    let mut options = console.options();
    options.queue = SubscribeOptions { internal: true, coalesce: options.queue.coalesce, ..waiting };
    let view = bus.attach_sink("console:", Box::new(console), options)?;

    let (published, closed, summary) = thread::scope(|scope| {
        let counting = scope.spawn(|| Summary::of(subscription));
        let published = publish(&mut session, &bus, out);
        let closed = bus.close(PATIENCE);
        (published, closed, counting.join())
    });
    view.detach()?;
    let summary = summary.map_err(|_| Error::new(ErrorKind::Io, "the summary could not be computed"))?;
    let mut wrong = Vec::from_iter(published.err());
    wrong.extend(notice::of_lost(&closed, summary.dropped()));
    let mut out = out.clone();
    write!(out, "\n{summary}")
        .and_then(|()| wrong.iter().try_for_each(|what| writeln!(out, "{}", Visible(what))))
        .and_then(|()| out.flush())
        .map_err(|error| Error::new(ErrorKind::Io, format!("the output can't be written: {error}")))?;
    Ok(Played { notice: notice::of(session.report()), wrong })
}

/// Publishes what is left of the session, unless nobody reads any more.
///
/// # Errors
/// Where and why it stopped, and how many events had been published by then.
fn publish(session: &mut Import<'_>, bus: &Bus, out: &Output) -> Result<(), String> {
    for (before, delivery) in session.enumerate() {
        let published = match delivery {
            Ok(Delivery::Event(event)) => bus.publish(event).map(drop).map_err(Error::from),
            Ok(Delivery::Gap(_)) => Ok(()),
            Err(error) => Err(error),
        };
        published.map_err(|error| notice::of_stop(before, &error))?;
        if out.is_unread() {
            break;
        }
    }
    Ok(())
}
