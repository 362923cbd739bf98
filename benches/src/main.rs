//! Newswire beside its peers.
fn main() {}
