//! What a `file:` URL asks for.

use std::path::Path;
use std::time::Duration;

use newswire::{Error, Param, Result, SinkUrl};

use super::{Existing, RecordOptions, Recorder};
use crate::recording::WriteOptions;

const PARAMS: [&str; 8] = ["max_bytes", "max_age", "keep", "existing", "zstd", "level", "sync", "full"];
const FORM: &str = "the path of a file, as in file:run.ndjson or file:/var/log/run.ndjson";
const SWITCH: [(&str, bool); 2] = [("on", true), ("off", false)];

pub(super) fn open(url: &SinkUrl) -> Result<Recorder> {
    url.allow(&PARAMS)?;
    let choose = |name, words: &[(&str, bool)]| url.param(name).map(|param| param.choice(words)).transpose();
    let number = |name, range| url.param(name).map(|param| param.number(range)).transpose();
    let existing =
        [("refuse", Existing::Refuse), ("replace", Existing::Replace), ("rotate", Existing::Rotate)];
    let defaults = WriteOptions::default();
    let options = RecordOptions {
        max_bytes: number("max_bytes", 1..=usize::MAX)?.map(|bytes| bytes as u64),
        max_age: url.param("max_age").map(age).transpose()?,
        keep: number("keep", 0..=1_000_000)?,
        existing: url.param("existing").map(|param| param.choice(&existing)).transpose()?.unwrap_or_default(),
        block: choose("full", &[("drop", false), ("block", true)])?.unwrap_or(false),
        write: WriteOptions {
            zstd: choose("zstd", &SWITCH)?,
            level: number("level", 1..=22)?
                .and_then(|level| i32::try_from(level).ok())
                .unwrap_or(defaults.level),
            sync: choose("sync", &SWITCH)?.unwrap_or(defaults.sync),
            ..defaults
        },
    };
    Recorder::create(path(url)?, options)
}

/// The path: as it stands, or behind an empty host.
fn path(url: &SinkUrl) -> Result<&Path> {
    let body = url.body();
    let path = match body.strip_prefix("//") {
        Some(rest) if !rest.starts_with('/') => {
            return Err(Error::invalid("file: takes no host").at_column(6).expecting(FORM));
        }
        Some(rest) => rest,
        None => body,
    };
    match path {
        "" => Err(Error::invalid("file: needs a path").at_column(6).expecting(FORM)),
        path => Ok(Path::new(path)),
    }
}

/// An age such as `90s`, `15m`, `24h` or `7d`.
fn age(param: &Param) -> Result<Duration> {
    let value = param.value();
    let unit = value.chars().last().and_then(|unit| match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(3600),
        'd' => Some(86_400),
        _ => None,
    });
    let number = value.get(..value.len().saturating_sub(1)).and_then(|number| number.parse::<u64>().ok());
    let seconds = number.zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
    let age = seconds.filter(|seconds| *seconds > 0).map(Duration::from_secs);
    age.ok_or_else(|| param.wrong("a whole number with s, m, h or d behind it, such as 24h"))
}
