//! Files stay short enough to be read at one sitting.

use super::sources::Source;

const LIMIT: usize = 400;

pub(crate) fn check(sources: &[Source]) -> Vec<String> {
    let too_long = |source: &Source| {
        let lines = source.text.lines().count();
        (lines > LIMIT).then(|| format!("{} has {lines} lines, {LIMIT} are allowed: split it", source.path))
    };
    sources.iter().filter_map(too_long).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_more_than_400_lines_is_named() {
        let file = |lines: usize| Source { path: format!("{lines}.rs"), text: "fn f() {}\n".repeat(lines) };
        assert_eq!(check(&[file(400), file(401)]), ["401.rs has 401 lines, 400 are allowed: split it"]);
    }
}
