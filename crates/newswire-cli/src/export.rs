//! `newswire export`: what is wanted of a store becomes a recording.

use newswire::{Error, Filter, Result, ScopeField};
use newswire_recording::Seek;

use crate::args::{Export, Importing, Reading};
use crate::import::import;
use crate::io::Io;
use crate::source::Wanted;

/// Exports what is wanted, or nothing.
///
/// # Errors
/// Where the output can't be written, or is there already.
pub(crate) fn export(args: &Export, io: &mut Io) -> Result<u8> {
    let wanted = match wanted(args) {
        Ok(wanted) => wanted,
        Err(error) => return Ok(io.refuse(&error)),
    };
    let importing = Importing {
        files: vec![args.file.clone()],
        output: args.output.clone(),
        force: args.force,
        reading: Reading { wanted, ..args.reading.clone() },
    };
    import(&importing, io)
}

fn wanted(args: &Export) -> Result<Wanted> {
    let run = args.run.as_deref().map(|id| Filter::scope(ScopeField::Run, id));
    let session = args.session.as_deref().map(|id| Filter::scope(ScopeField::Session, id));
    let own = args.filter.as_deref().map(Filter::parse);
    let mut filter: Option<Filter> = None;
    for part in [run, session, own].into_iter().flatten() {
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
