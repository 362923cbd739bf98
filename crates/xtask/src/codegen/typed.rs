//! `crates/newswire/tests/samples/typed.rs`: every kind beside its payload type, so that a test can read
//! each sample as what its kind promises. No program carries such a list, it would keep all types alive.

use std::fmt::Write;

use newswire::catalogue::rows;

use super::names::family_of;
use super::{Generated, MARK};

pub(super) fn file() -> Generated {
    let mut out =
        format!("//! {MARK} from the catalogue: every kind beside its payload type.\n\ntyped! {{\n");
    for row in rows() {
        let _ = writeln!(out, "    \"{}\" {}::{},", row.kind, family_of(row.kind), row.payload);
    }
    out += "}\n";
    Generated::new("crates/newswire/tests/samples/typed.rs", out)
}
