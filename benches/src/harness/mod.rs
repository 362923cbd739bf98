//! Drives a fabric: publishers in bursts, consumers that touch every event, costs by CPU time.
//!
//! A burst never exceeds the capacity, and the next one begins when every consumer has all of the last
//! one, so nothing is lost and all fabrics do the same work. Cloning the ready events and waiting for the
//! consumers are not charged to the publisher.

mod consumers;
mod emit;
mod sleeper;
mod trial;

pub(crate) use consumers::Habit;
pub(crate) use emit::{BURST, EMIT_COLUMNS, Taking, run as run_emit};
pub(crate) use sleeper::run as run_asleep;
pub(crate) use trial::{ALL_THREADS, COLUMNS, Load, PUBLISHER, WALL, run};
