//! The model tests of the core, played for longer here: the same files, so that both mean the same.

#[path = "../../../crates/newswire/tests/model/order.rs"]
pub(crate) mod order;
#[path = "../../../crates/newswire/tests/model/policies.rs"]
pub(crate) mod policies;
#[path = "../../../crates/newswire/tests/model/program.rs"]
pub(crate) mod program;
#[path = "../../../crates/newswire/tests/model/random.rs"]
pub(crate) mod random;
#[path = "../../../crates/newswire/tests/model/reference.rs"]
pub(crate) mod reference;
#[path = "../../../crates/newswire/tests/model/storm.rs"]
pub(crate) mod storm;
