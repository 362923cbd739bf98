//! Which member may depend on which: imports run one way.
//!
//! The core knows nobody; recordings and stores know the core; the command line knows them all, and so does the
//! facade, which every binding goes through; this automation knows the core, whose table it writes out; nobody
//! depends on the comparisons, the examples or this automation. A new member gets a row here, deliberately.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Members, each with those it may depend on, for tests too.
const MAY_USE: &[(&str, &[&str])] = &[
    ("newswire", &[]),
    ("newswire-recording", &["newswire"]),
    ("newswire-store", &["newswire"]),
    ("newswire-cli", &["newswire", "newswire-recording", "newswire-store"]),
    ("newswire-facade", &["newswire", "newswire-recording", "newswire-store", "newswire-cli"]),
    ("newswire-c", &["newswire", "newswire-facade"]),
    ("newswire-python", &["newswire", "newswire-facade"]),
    ("newswire-benches", &["newswire", "newswire-c", "newswire-cli", "newswire-store"]),
    ("newswire-examples", &["newswire"]),
    ("xtask", &["newswire"]),
];

pub(crate) fn check(root: &Path) -> Vec<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root)
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    judge(&serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON"))
}

/// What is wrong in the workspace that `metadata` describes.
fn judge(metadata: &Value) -> Vec<String> {
    let packages = metadata["packages"].as_array().expect("metadata lists packages");
    let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_owned();
    let members: Vec<String> = packages.iter().map(name).collect();
    let mut broken = Vec::new();
    for package in packages {
        let user = name(package);
        let Some((_, allowed)) = MAY_USE.iter().find(|(member, _)| *member == user) else {
            broken.push(format!(
                "{user} has no row in crates/xtask/src/check/layers.rs that says what it may use"
            ));
            continue;
        };
        let used = package["dependencies"].as_array().into_iter().flatten().map(name);
        let wrong = used.filter(|used| members.contains(used) && !allowed.contains(&used.as_str()));
        broken.extend(
            wrong.map(|used| format!("{user} depends on {used}, against the direction of the layers")),
        );
    }
    broken
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_dependency_against_the_direction_and_an_unknown_member_are_named() {
        let metadata = json!({"packages": [
            {"name": "newswire", "dependencies": [{"name": "newswire-recording"}, {"name": "serde"}]},
            {"name": "newswire-recording", "dependencies": [{"name": "newswire"}]},
            {"name": "newswire-surprise", "dependencies": []},
        ]});
        let broken = judge(&metadata);
        assert_eq!(broken[0], "newswire depends on newswire-recording, against the direction of the layers");
        assert!(broken[1].starts_with("newswire-surprise has no row"), "{broken:?}");
        assert_eq!(broken.len(), 2);
    }
}
