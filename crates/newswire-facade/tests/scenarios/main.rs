//! Plays the scenarios of `tests/conformance`, which are the same for every language: each is a test of its own,
//! and once more with each of its expectations broken, since one that can't fail holds nothing.
//!
//! They stand on the facade, from where everything that attaches by URL can be reached.

mod act;
mod breaking;
mod compare;
mod format;
mod handler;
mod operation;
mod report;
mod stage;
mod words;

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use format::{Chapter, Scenario};
use stage::Stage;

/// What isn't scenarios in that folder.
const SAMPLES: &str = "samples";

fn main() -> ExitCode {
    let chapters = match read() {
        Ok(chapters) => chapters,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::FAILURE;
        }
    };
    let trials = chapters.into_iter().flat_map(|(chapter, scenario)| {
        let name = format!("{chapter}::{}", scenario.name.replace([' ', ','], "_"));
        let again = scenario.clone();
        [
            Trial::test(name.clone(), move || Stage::play(&scenario).map_err(Failed::from)),
            Trial::test(format!("can_fail::{name}"), move || {
                breaking::every_expectation_can_fail(&again).map_err(Failed::from)
            }),
        ]
    });
    let trials = trials.collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// All scenarios, each with the name of its file.
fn read() -> Result<Vec<(String, Scenario)>, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    let mut scenarios = Vec::new();
    for file in files {
        let chapter = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if chapter == SAMPLES {
            continue;
        }
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let Chapter { scenarios: own, .. } =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        scenarios.extend(own.into_iter().map(|scenario| (chapter.clone(), scenario)));
    }
    Ok(scenarios)
}
