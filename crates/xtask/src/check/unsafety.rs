//! The budget of `unsafe`: one module of the core, 150 lines at most; the edge of the C interface; none in what else is
//! shipped in Rust.
//!
//! That each block says why it is sound is clippy's to check (`undocumented_unsafe_blocks`).

use super::sources::Source;

const CORE: &str = "crates/newswire/src/";
const LIMIT: usize = 150;

/// What C calls: raw pointers are looked at in one file, the others only have names that C can link.
const C: &str = "bindings/c/src/";
const EDGE: &str = "bindings/c/src/edge.rs";
const EDGE_LIMIT: usize = 250;
const NAME: &str = "#[unsafe(no_mangle)]";

/// Comparisons with peers, other bindings and automation are not part of what the budget protects.
const EXEMPT: [&str; 3] = ["benches/", "bindings/", "crates/xtask/"];

pub(crate) fn check(sources: &[Source]) -> Vec<String> {
    let with_unsafe: Vec<_> = sources
        .iter()
        .filter(|source| source.path.ends_with(".rs"))
        .filter(|source| {
            source.path.starts_with(C) || !EXEMPT.iter().any(|folder| source.path.starts_with(folder))
        })
        .filter(|source| {
            let may_be_named = source.path.starts_with(C);
            source.text.lines().any(|line| is_unsafe(line) && !(may_be_named && line.trim() == NAME))
        })
        .collect();
    let (edge, with_unsafe): (Vec<_>, Vec<_>) =
        with_unsafe.into_iter().partition(|source| source.path == EDGE);
    let (core, others): (Vec<_>, Vec<_>) =
        with_unsafe.into_iter().partition(|source| source.path.starts_with(CORE));
    let mut broken: Vec<String> = others
        .iter()
        .map(|source| format!("{} uses unsafe; only one module of the core and {EDGE} may", source.path))
        .collect();
    for lines in edge.iter().map(|source| source.text.lines().count()).filter(|lines| *lines > EDGE_LIMIT) {
        broken.push(format!("{EDGE} has {lines} lines, {EDGE_LIMIT} are allowed, since it uses unsafe"));
    }
    if core.len() > 1 {
        let names: Vec<_> = core.iter().map(|source| source.path.as_str()).collect();
        broken.push(format!(
            "unsafe stands in {} modules of the core, one is allowed: {}",
            core.len(),
            names.join(", ")
        ));
    }
    for source in core {
        let lines = source.text.lines().count();
        if lines > LIMIT {
            broken.push(format!("{} uses unsafe and has {lines} lines, {LIMIT} are allowed", source.path));
        }
    }
    broken
}

/// Whether a line of code, comments aside, has the keyword.
fn is_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.split(|character: char| !character.is_alphanumeric() && character != '_')
        .any(|word| word == "unsafe")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.into(), text: text.into() }
    }

    #[test]
    fn one_small_module_of_the_core_may_use_unsafe() {
        let block = source("crates/newswire/src/log/block.rs", "unsafe { read() }");
        let lint = source("crates/newswire/src/lib.rs", "#![deny(unsafe_code)] // no unsafe here");
        assert!(check(&[block, lint]).is_empty());
    }

    #[test]
    fn what_c_calls_has_names_everywhere_and_pointers_at_the_edge_only() {
        let named =
            source("bindings/c/src/bus.rs", "#[unsafe(no_mangle)]\npub extern \"C\" fn nw_bus_open() {}");
        let edge = source(EDGE, "unsafe { Box::from_raw(bytes) }");
        assert!(check(&[named, edge]).is_empty());
        let other = source("bindings/c/src/bus.rs", "unsafe { *bus }");
        let long = source(EDGE, &"unsafe { a() }\n".repeat(251));
        assert_eq!(check(&[other, long]).len(), 2);
    }

    #[test]
    fn a_second_module_a_long_one_and_another_crate_are_named() {
        let one = source("crates/newswire/src/a.rs", &"unsafe impl Sync for A {}\n".repeat(151));
        let two = source("crates/newswire/src/b.rs", "unsafe fn b() {}");
        let other = source("crates/newswire-cli/src/c.rs", "unsafe { c() }");
        let broken = check(&[one, two, other]);
        assert_eq!(broken.len(), 3, "{broken:?}");
    }
}
