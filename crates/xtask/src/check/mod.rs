//! The rules of the house that no compiler checks; a unit test runs them all.

mod layers;
mod lengths;
mod sources;
mod unsafety;

use std::path::Path;

/// What is wrong in the workspace at `root`: a sentence each.
pub(crate) fn all(root: &Path) -> Vec<String> {
    let sources = sources::read(root);
    let mut broken = layers::check(root);
    broken.extend(lengths::check(&sources));
    broken.extend(unsafety::check(&sources));
    broken
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_workspace_keeps_the_rules_of_the_house() {
        let broken = super::all(crate::root());
        assert!(broken.is_empty(), "\n{}", broken.join("\n"));
    }
}
