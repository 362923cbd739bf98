//! `newswire export`: what is wanted of a store becomes a recording.

use std::path::PathBuf;

use newswire::{Error, Filter, Result, ScopeField};
use newswire_recording::Seek;

use super::import::{Target, write};
use super::options::Matching;
use crate::input::{Item, Reading, Wanted, choose, is_input, read, run_in_store, store_path};
use crate::output::Io;

/// Writes the events of a store as a recording
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  newswire export events.db -o all.ndjson.zst
  newswire export events.db --run 3f2a8c11 | jq -r .kind
  newswire export events.db --filter 'tool.*' --from 2026-11-20T00:00:00Z -o tools.ndjson

Events keep their seqs, ids and origins; what the store has lost or deleted becomes gaps. The file appears when
all is in it. Recordings can be given, too: what is wanted of them becomes another.")]
pub(crate) struct Export {
    /// A store, or a recording; - for the standard input
    #[arg(value_name = "STORE")]
    file: PathBuf,

    #[command(flatten)]
    target: Target,

    /// Only this run: its id, or how that begins
    #[arg(long, value_name = "ID")]
    run: Option<String>,

    /// Only this session
    #[arg(long, value_name = "ID")]
    session: Option<String>,

    #[command(flatten)]
    matching: Matching,

    /// Only events of that time or later, such as 2026-11-20T09:30:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<String>,

    /// Only events of that time or earlier
    #[arg(long, value_name = "TIME")]
    to: Option<String>,

    #[command(flatten)]
    reading: Reading,
}

/// How many runs are told apart whose ids begin alike.
const NAMED: usize = 11;

/// Exports what is wanted, or nothing.
///
/// # Errors
/// Where the output can't be written, or is there already.
pub(crate) fn export(args: &Export, io: &mut Io) -> Result<u8> {
    let (mut filter, from_ns, to_ns) = match understood(args) {
        Ok(understood) => understood,
        Err(error) => return Ok(io.refuse(&error)),
    };
    if let Some(begins) = args.run.as_deref() {
        filter = filter.and(Filter::scope(ScopeField::Run, &run(args, begins, io)?)?)?;
    }
    let wanted = Wanted { filter: Some(filter), from_ns, to_ns, ..Wanted::default() };
    write(std::slice::from_ref(&args.file), &args.reading, &wanted, &args.target, io)
}

/// The run that is called so, or the only one whose id begins so. The standard input and other pipes can't be read twice:
/// there it is the id itself.
fn run(args: &Export, begins: &str, io: &mut Io) -> Result<String> {
    if is_input(&args.file) {
        return Ok(begins.to_owned());
    }
    if store_path(&args.file)?.is_some() {
        return run_in_store(&args.file, Some(begins), &args.reading);
    }
    if args.file.metadata().is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return Ok(begins.to_owned());
    }
    let (mut names, mut many) = (Vec::new(), false);
    read(io, std::slice::from_ref(&args.file), &args.reading, Wanted::default(), |_, item| {
        let Item::Event(event, _) = item else { return Ok(()) };
        if let Some(run) = event.scope().get(ScopeField::Run).filter(|run| run.starts_with(begins))
            && !names.iter().any(|name| name == run)
        {
            match names.len() < NAMED || run == begins {
                true => names.push(run.to_owned()),
                false => many = true,
            }
        }
        Ok(())
    })?;
    choose(&args.file, Some(begins), names, many)
}

/// Which events are wanted, whatever their run, and those of which time.
fn understood(args: &Export) -> Result<(Filter, Option<i64>, Option<i64>)> {
    let session = args.session.as_deref().map(|id| Filter::scope(ScopeField::Session, id)).transpose()?;
    let own = args.matching.filter()?;
    let filter = match session {
        Some(session) => session.and(own)?,
        None => own,
    };
    let (from_ns, to_ns) = (time(args.from.as_deref())?, time(args.to.as_deref())?);
    if from_ns.zip(to_ns).is_some_and(|(from, to)| from > to) {
        return Err(Error::invalid("--from is later than --to, so nothing lies between"));
    }
    Ok((filter, from_ns, to_ns))
}

fn time(text: Option<&str>) -> Result<Option<i64>> {
    match text.map(Seek::parse).transpose()? {
        None => Ok(None),
        Some(Seek::Time(time_ns)) => Ok(Some(time_ns)),
        Some(Seek::Offset(_)) => {
            let text = text.unwrap_or_default();
            Err(Error::invalid(format!("{text:?} is no time"))
                .expecting("a time such as 2026-11-20T09:30:00Z"))
        }
    }
}
