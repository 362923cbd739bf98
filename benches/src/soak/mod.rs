//! The goals of reliability.md, one module each, named after its promise.

use crate::goals::Run;

/// The goals by their ids.
pub(crate) const GOALS: &[(&str, Run)] = &[];
