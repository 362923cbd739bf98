//! `newswire export`: what is wanted of a store becomes a recording.

use newswire::{Error, Filter, Result, ScopeField};
use newswire_recording::Seek;

use crate::args::{Export, Importing, Reading};
use crate::diff::{choose, run_in_store};
use crate::import::import;
use crate::io::Io;
use crate::reading::{Item, is_input, read};
use crate::source::{Wanted, store_path};

/// How many runs are told apart whose ids begin alike.
const NAMED: usize = 11;

/// Exports what is wanted, or nothing.
///
/// # Errors
/// Where the output can't be written, or is there already.
pub(crate) fn export(args: &Export, io: &mut Io) -> Result<u8> {
    let mut wanted = match wanted(args) {
        Ok(wanted) => wanted,
        Err(error) => return Ok(io.refuse(&error)),
    };
    if let Some(begins) = args.run.as_deref() {
        let of_run = Filter::scope(ScopeField::Run, &run(args, begins, io)?)?;
        wanted.filter = Some(match wanted.filter {
            Some(filter) => filter.and(of_run)?,
            None => of_run,
        });
    }
    let importing = Importing {
        files: vec![args.file.clone()],
        output: args.output.clone(),
        force: args.force,
        reading: Reading { wanted, ..args.reading.clone() },
    };
    import(&importing, io)
}

/// The run that is called so, or the only one whose id begins so. The standard input can't be read twice: there it is
/// the id itself.
fn run(args: &Export, begins: &str, io: &mut Io) -> Result<String> {
    if is_input(&args.file) {
        return Ok(begins.to_owned());
    }
    if store_path(&args.file)?.is_some() {
        return run_in_store(&args.file, Some(begins), &args.reading);
    }
    let (mut names, mut many) = (Vec::new(), false);
    read(io, std::slice::from_ref(&args.file), &args.reading, |_, item| {
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

fn wanted(args: &Export) -> Result<Wanted> {
    let session = args.session.as_deref().map(|id| Filter::scope(ScopeField::Session, id));
    let own = args.filter.as_deref().map(Filter::parse);
    let mut filter: Option<Filter> = None;
    for part in [session, own].into_iter().flatten() {
        let part = part?;
        filter = Some(match filter {
            Some(filter) => filter.and(part)?,
            None => part,
        });
    }
    let (from_ns, to_ns) = (time(args.from.as_deref())?, time(args.to.as_deref())?);
    if from_ns.zip(to_ns).is_some_and(|(from, to)| from > to) {
        return Err(Error::invalid("--from is later than --to, so nothing lies between"));
    }
    Ok(Wanted { filter, from_ns, to_ns, ..Wanted::default() })
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
