//! The goals of reliability.md, one module each, named after its promise.
//!
//! A module has `pub(crate) fn measure(scale: Scale) -> Vec<Line>` and a row here; [`Scale::Short`] is the form
//! that the project's own tests run.
//!
//! [`Scale::Short`]: crate::scale::Scale::Short

use crate::report::Goal;

/// The goals by their ids.
pub(crate) const GOALS: &[Goal] = &[];
