//! The pull side: subscriptions, and where their events wait.

mod batch;
pub(crate) mod block;
pub(crate) mod calls;
pub(crate) mod coalesce;
pub(crate) mod control;
pub(crate) mod health;
pub(crate) mod in_hand;
pub(crate) mod inbox;
mod merge;
pub(crate) mod pull;
pub(crate) mod queue;
pub(crate) mod reader;
pub(crate) mod stream;
pub(crate) mod tally;
pub(crate) mod tape;
pub(crate) mod waiting;
