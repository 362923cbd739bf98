//! The `newswire` command.
fn main() {}
