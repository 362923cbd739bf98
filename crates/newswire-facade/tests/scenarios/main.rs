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

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use compare::Names;
use format::{Chapter, Comparison, Scenario};
use stage::Stage;

/// What isn't scenarios in that folder.
const OTHERS: [&str; 2] = ["samples", "comparisons"];

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
    let comparisons = Trial::test("comparisons", comparisons_come_out_as_in_every_language);
    let trials = trials.chain([comparisons]).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance")
}

/// What this runner takes for the same is what every runner does.
fn comparisons_come_out_as_in_every_language() -> Result<(), Failed> {
    let rows: Vec<Comparison> = serde_json::from_slice(&std::fs::read(folder().join("comparisons.json"))?)?;
    match rows.iter().find(|row| Names::default().compare(&row.expected, &row.actual).is_ok() != row.same) {
        Some(row) => Err(format!("{} and {}: same is {}", row.expected, row.actual, !row.same).into()),
        None => Ok(()),
    }
}

/// All scenarios, each with the name of its file.
fn read() -> Result<Vec<(String, Scenario)>, String> {
    let folder = folder();
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    let mut scenarios = Vec::new();
    for file in files {
        let chapter = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if OTHERS.contains(&chapter.as_str()) {
            continue;
        }
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let Chapter { scenarios: own, .. } =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        scenarios.extend(own.into_iter().map(|scenario| (chapter.clone(), scenario)));
    }
    Ok(scenarios)
}
