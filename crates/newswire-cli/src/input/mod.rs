//! What a command reads: recordings in any format, and stores.
//!
//! One thread reads (`source`, `opened`) and hands over by the heap (`handoff`) what the other takes (`recordings`), which
//! counts it (`total`) and passes it on to the command.

mod file;
mod handoff;
mod ids;
mod message;
mod names;
mod opened;
mod reading;
mod recordings;
mod reports;
mod source;
mod store;
mod total;
mod wanted;
mod which_run;

pub(crate) use file::{check_output, is_input, name_of};
pub(crate) use message::Message;
pub(crate) use reading::{Reading, format_names, max_line};
pub(crate) use recordings::{Item, Recordings, read};
pub use store::store_path;
pub(crate) use store::{store_to_read, store_url};
pub(crate) use total::Total;
pub(crate) use wanted::Wanted;
pub(crate) use which_run::{choose, run_in_store};
