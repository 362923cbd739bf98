//! The goals of performance.md, "Rust core": one file each.

mod p1_nobody_listens;
mod p2_publisher;
mod p3_throughput;
mod p4_whole_emit;
mod p5_asleep;
mod p6_no_match;
mod p8_publishers;
mod seeds;
mod structures;

use crate::report::Line;
use crate::scale::Scale;

/// What measures a goal.
pub(crate) type Run = fn(Scale) -> Vec<Line>;

/// The goals, then what is measured for comparison only.
pub(crate) const GOALS: &[(&str, Run)] = &[
    ("P1", p1_nobody_listens::measure),
    ("P2", p2_publisher::measure),
    ("P3", p3_throughput::measure),
    ("P4", p4_whole_emit::measure),
    ("P5", p5_asleep::measure),
    ("P6", p6_no_match::measure),
    ("P8", p8_publishers::measure),
    ("seeds", seeds::measure),
    ("structures", structures::measure),
];
