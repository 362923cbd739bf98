//! The codes that commands end with.

/// The exit code when all is done.
pub const OK: u8 = 0;
/// The exit code when something went wrong; what, is on the standard error. Of `grep`, when nothing matched.
pub const FAILED: u8 = 1;
/// The exit code when the arguments make no sense. Of `grep`, also when something went wrong.
pub const USAGE: u8 = 2;
/// The exit code when the user has ended it.
pub const INTERRUPTED: u8 = 130;
