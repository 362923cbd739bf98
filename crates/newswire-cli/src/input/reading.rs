//! How recordings are to be read, as the user says.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use newswire::Result;
use newswire_recording::{Broken, ReadOptions};

/// How recordings are read.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct Reading {
    /// The format of the recordings; told by their beginning where it isn't given
    #[arg(long, value_parser = format_names())]
    pub(crate) format: Option<String>,

    /// Ends at the first broken record; this is so unless --skip is given
    #[arg(long, conflicts_with = "skip")]
    pub(crate) strict: bool,

    /// Skips broken records, counts them and goes on; files that can't be read, too
    #[arg(long)]
    pub(crate) skip: bool,

    /// The longest line that is read, in bytes; 1048576 unless given. No event is longer than that
    #[arg(long, value_name = "BYTES", value_parser = max_line())]
    pub(crate) max_line: Option<u32>,

    /// Of a store: only what was published on that bus
    #[arg(long, value_name = "NAME")]
    pub(crate) bus: Option<String>,
}

impl Reading {
    /// How the recordings are to be read.
    pub(super) fn options(&self, progress: Arc<AtomicU64>) -> Result<ReadOptions> {
        let format = self.format.as_deref().map(newswire_recording::Format::named).transpose()?;
        let broken = if self.skip { Broken::Skip } else { Broken::Stop };
        let own = ReadOptions::default();
        let max_line_bytes = self.max_line.and_then(|bytes| usize::try_from(bytes).ok());
        let max_line_bytes = max_line_bytes.unwrap_or(own.max_line_bytes);
        Ok(ReadOptions { format, broken, max_line_bytes, progress: Some(progress), ..own })
    }
}

/// As long as elements of an array and documents may be.
pub(crate) fn max_line() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=64 << 20)
}

/// The formats that there are.
pub(crate) fn format_names() -> clap::builder::PossibleValuesParser {
    let formats = newswire_recording::formats().iter();
    formats.map(|format| clap::builder::PossibleValue::new(format.name).help(format.about)).into()
}
