//! The source files of the workspace.

use std::fs;
use std::path::Path;

/// One source file: its path from the root, with `/`, and its text.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

const LANGUAGES: [&str; 6] = ["rs", "py", "pyi", "ts", "js", "cs"];
const NOT_OURS: [&str; 5] = ["target", "node_modules", "bin", "obj", "build"];

/// Reads all source files below `root`, hidden folders and build output left out.
pub(crate) fn read(root: &Path) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries {
            let path = entry.expect("the folder can be read").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_symlink() || name.starts_with('.') {
                continue;
            } else if path.is_dir() {
                // Cargo's own `src/bin` is ours; .NET's `bin` is not.
                if !NOT_OURS.contains(&name.as_str()) || folder.ends_with("src") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|end| LANGUAGES.iter().any(|language| end == *language)) {
                let text =
                    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let path = path.strip_prefix(root).unwrap_or(&path);
                sources.push(Source { path: path.to_string_lossy().replace('\\', "/"), text });
            }
        }
    }
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    sources
}
