//! The commands: each file or folder has what is said to one, and what it does.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod diff;
pub(crate) mod export;
pub(crate) mod grep;
pub(crate) mod import;
pub(crate) mod kinds;
pub(crate) mod ls;
mod options;
pub(crate) mod play;
pub(crate) mod prune;
pub(crate) mod record;
pub(crate) mod repair;
pub(crate) mod show;
pub(crate) mod stats;
pub(crate) mod tail;
pub(crate) mod verify;
