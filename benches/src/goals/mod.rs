//! The goals of performance.md: one file each, those of the command line in one.

mod c_command;
mod p1_nobody_listens;
mod p2_publisher;
mod p3_throughput;
mod p4_whole_emit;
mod p5_asleep;
mod p6_no_match;
mod p7_serialise;
mod p8_publishers;
pub(crate) mod s5_large;
mod s_store;
mod seeds;
mod structures;

use crate::report::Goal;

/// The goals by their ids.
pub(crate) const GOALS: &[Goal] = &[
    ("P1", p1_nobody_listens::measure),
    ("P2", p2_publisher::measure),
    ("P3", p3_throughput::measure),
    ("P4", p4_whole_emit::measure),
    ("P5", p5_asleep::measure),
    ("P6", p6_no_match::measure),
    ("P7", p7_serialise::measure),
    ("P8", p8_publishers::measure),
    ("S-1", s_store::written),
    ("S-2", s_store::added),
    ("S-3", s_store::awaited),
    ("S-4", s_store::replayed),
    ("S-5", s5_large::measure),
    ("C1", c_command::import),
    ("C2", c_command::play),
    ("C3", c_command::stats),
    ("C4", c_command::grep),
];

/// What is measured for comparison only, where it is asked for by name.
pub(crate) const COMPARISONS: &[Goal] = &[("seeds", seeds::measure), ("structures", structures::measure)];
