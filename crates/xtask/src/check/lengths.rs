//! Files stay short enough to be read at one sitting; generated ones are read in their table.

use super::sources::Source;
use crate::codegen::MARK;

const LIMIT: usize = 400;

pub(crate) fn check(sources: &[Source]) -> Vec<String> {
    let too_long = |source: &Source| {
        let lines = source.text.lines().count();
        // The stub of one native module can't be more than one file.
        let is_stub = source.path.ends_with(".pyi");
        let generated = source.text.lines().next().is_some_and(|first| first.contains(MARK));
        (lines > LIMIT && !generated && !is_stub)
            .then(|| format!("{} has {lines} lines, {LIMIT} are allowed: split it", source.path))
    };
    sources.iter().filter_map(too_long).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_more_than_400_lines_is_named() {
        let file = |lines: usize| Source { path: format!("{lines}.rs"), text: "fn f() {}\n".repeat(lines) };
        let generated =
            Source { path: "made.py".into(), text: format!("# {MARK}.\n") + &"x = 1\n".repeat(500) };
        assert_eq!(
            check(&[file(400), file(401), generated]),
            ["401.rs has 401 lines, 400 are allowed: split it"]
        );
    }
}
