//! The `newswire` command as a process of its own, and the files that it is measured on.

mod child;
mod files;

pub(crate) use child::{Ran, newswire, run};
pub(crate) use files::{Made, Recorded, recording, session};
