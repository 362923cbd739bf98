//! `newswire grep`: the filter language over recordings.

mod context;

use std::path::PathBuf;

use newswire::{Event, Filter, Result};
use serde_json::json;

use crate::exit::{FAILED, INTERRUPTED, OK, USAGE};
use crate::input::{Item, Reading, Wanted, read};
use crate::output::{Display, Io, Mark};
use crate::watch::Strange;
use context::Context;

/// Prints the events of recordings that a filter matches
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire grep 'tool.call.failed' session.jsonl
  newswire grep 'model.* and duration > 20s' runs/*.ndjson -c
  newswire grep '*.failed' run.ndjson -B 3 -A 1

Filters are described in docs/filter.md. Where several files are searched, lines begin with the file's name;
JSON has it as a member \"file\". Exit codes are those of grep: 0 matched, 1 nothing matched, 2 trouble.")]
pub(crate) struct Grep {
    /// Which events
    filter: String,

    /// Recordings; - for the standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Prints only how many there are in each file
    #[arg(short, long)]
    count: bool,

    /// Events that don't match
    #[arg(short = 'v', long)]
    invert: bool,

    /// So many events of the run after each match, too
    #[arg(short = 'A', long, default_value_t = 0, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(..=1000))]
    after: u16,

    /// So many events of the run before each match, too
    #[arg(short = 'B', long, default_value_t = 0, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(..=1000))]
    before: u16,

    #[command(flatten)]
    reading: Reading,
}

/// How many columns an event has at least, however long the name of its file is: as few as can be asked for.
const LEAST_COLUMNS: usize = 40;

/// The search in one file after another.
struct Search<'a> {
    args: &'a Grep,
    filter: Filter,
    strange: Strange,
    context: Context,
    display: Display,
    /// The name of the file, where there are several.
    mark: Option<Mark>,
    file: String,
    /// Whether the file has begun and not ended.
    is_open: bool,
    matched: u64,
    /// The place of the event that was shown last, in its file.
    shown: Option<u64>,
    /// How many were shown.
    any: bool,
}

/// Prints what matches.
///
/// # Errors
/// Where the filter can't be read, or the output can't be written.
pub(crate) fn grep(args: &Grep, io: &mut Io) -> Result<u8> {
    let filter = Filter::parse(&args.filter)?;
    if io.terminal && !args.count {
        io.progress.hide();
    }
    let widest = args.files.iter().map(|file| Mark::new(&file.display().to_string()).columns()).max();
    let taken = widest.filter(|_| args.files.len() > 1).unwrap_or(0);
    let display = Display::new(io, io.width.saturating_sub(taken).max(LEAST_COLUMNS));
    let context = Context::new(args.before.into(), args.after.into());
    let file = String::new();
    let strange = Strange::of(&filter)?;
    // Others are of interest only beside those that match, and where they are what is sought.
    let seeks_matches = !args.invert && !context.is_wanted();
    let only = seeks_matches.then(|| strange.and_all_of(&filter).ok()).flatten();
    let wanted = Wanted { filter: only, passes_over: true, ..Wanted::default() };
    let mut search = Search {
        args,
        filter,
        strange,
        context,
        display,
        mark: None,
        file,
        is_open: false,
        matched: 0,
        shown: None,
        any: false,
    };
    let mut matched = 0;
    let total = read(io, &args.files, &args.reading, wanted, |io, item| match item {
        Item::Begin(name) => {
            search.begin(name);
            Ok(())
        }
        Item::Event(event, _) => search.event(&event),
        Item::End(_) => {
            matched += search.matched;
            search.end(io)
        }
        Item::Pause(_) => search.display.flush(),
        Item::Gap(..) | Item::Broken(_) => Ok(()),
    })?;
    if search.is_open {
        // Whoever ends it wants to know what was found until then.
        matched += search.matched;
        search.end(io)?;
    }
    search.display.end()?;
    let dropped = search.context.dropped();
    if dropped > 0 {
        let lack = match dropped {
            1 => "1 event before a match is".to_owned(),
            _ => format!("{dropped} events before matches are"),
        };
        io.tell(&format!("{lack} not shown: too much would have had to be kept"));
    }
    if !io.out.is_unread() {
        search.strange.tell(io);
    }
    total.tell_wrong(io);
    Ok(match (total.code(), matched) {
        (INTERRUPTED, _) => INTERRUPTED,
        // Whoever goes away has seen enough; what is left wasn't searched.
        (OK, _) if io.out.is_unread() => OK,
        (OK, 0) => FAILED,
        (OK, _) => OK,
        _ => USAGE,
    })
}

impl Search<'_> {
    fn begin(&mut self, name: &str) {
        self.mark = (self.args.files.len() > 1).then(|| Mark::new(name));
        name.clone_into(&mut self.file);
        self.is_open = true;
        self.matched = 0;
        self.shown = None;
        self.context.clear();
    }

    fn event(&mut self, event: &Event) -> Result<()> {
        self.strange.see(event);
        let matches = self.filter.matches(event) != self.args.invert;
        self.matched += u64::from(matches);
        if self.args.count {
            return Ok(());
        }
        if !self.context.is_wanted() {
            return if matches { self.display.marked(event, self.mark.as_ref()) } else { Ok(()) };
        }
        for (place, event) in self.context.next(event, matches) {
            // A rule where others stand between, as grep draws it.
            if self.any && self.shown.is_none_or(|shown| shown + 1 != place) {
                self.display.rule("--");
            }
            (self.shown, self.any) = (Some(place), true);
            self.display.marked(&event, self.mark.as_ref())?;
        }
        Ok(())
    }

    fn end(&mut self, io: &mut Io) -> Result<()> {
        self.is_open = false;
        if !self.args.count {
            return Ok(());
        }
        let (file, count) = (&self.file, self.matched);
        match (io.json, &self.mark) {
            (true, Some(_)) => io.print_json(&json!({"file": file, "count": count})),
            (true, None) => io.print_json(&json!({"count": count})),
            (false, Some(_)) => io.print(&format!("{}: {count}\n", newswire::Visible(file))),
            (false, None) => io.print(&format!("{count}\n")),
        }
    }
}
