//! What a command writes: for people or for programs, and never anything that acts on a terminal.

mod display;
mod harmless;
mod io;
mod look;
pub(crate) mod notice;
mod numbers;
mod out;
mod progress;
mod table;
mod wrap;

pub(crate) use display::{Display, Mark};
pub(crate) use harmless::harmless;
pub(crate) use io::{Io, Stop, unwritten};
pub(crate) use look::Look;
pub(crate) use numbers::{cost, counted, grouped, plural, tokens, unless_none};
pub(crate) use out::Output;
pub(crate) use table::Table;
pub(crate) use wrap::wrapped;
