//! Builds the measuring programs as they would be shipped, and runs them.
//!
//! They are programs of their own so that xtask stays small: peers and the core are built only to be measured. Python's
//! goals are measured by Python, in an environment with its own peers.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Runs `newswire-benches` with these words, and Python's goals where they name some or no goal at all; gives the
/// exit code.
pub(crate) fn run(command: &str, words: &[String]) -> ExitCode {
    let (options, ids): (Vec<&str>, Vec<&str>) =
        words.iter().map(String::as_str).partition(|word| word.starts_with("--"));
    let (python, rust): (Vec<&str>, Vec<&str>) = ids.iter().partition(|id| is_python(id));
    let measure = |those: &[&str], run: fn(&[&str]) -> io::Result<u8>| {
        if those.is_empty() && !ids.is_empty() {
            return Ok(0);
        }
        run(&[&[command], options.as_slice(), those].concat())
    };
    match measure(&rust, in_rust).and_then(|first| measure(&python, in_python).map(|next| first.max(next))) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("it could not be measured: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether Python measures it: its own goals for speed, and those for reliability that its programs show.
fn is_python(id: &str) -> bool {
    id.starts_with("PY") || ["R40", "R41", "R42"].contains(&id)
}

fn in_rust(words: &[&str]) -> io::Result<u8> {
    const PROGRAM: [&str; 5] = ["--quiet", "--profile", "dist", "--package", "newswire-benches"];
    // The command that it measures is a program of its own, which a run alone doesn't build.
    match code(cargo().arg("build").args(PROGRAM))? {
        0 => code(cargo().arg("run").args(PROGRAM).arg("--").args(words)),
        failed => Ok(failed),
    }
}

fn in_python(words: &[&str]) -> io::Result<u8> {
    let root = crate::root();
    let environment = environment(root)?;
    let built =
        code(cargo().args(["build", "--quiet", "--profile", "dist", "--package", "newswire-python"]))?;
    if built != 0 {
        return Ok(built);
    }
    let package = root.join("target/bench-python");
    install(root, &package)?;
    let mut python = Command::new(environment.join("bin/python"));
    code(python.env("PYTHONPATH", package).arg(root.join("benches/python")).args(words).current_dir(root))
}

/// An environment with the peers, made anew when other versions are asked for.
fn environment(root: &Path) -> io::Result<PathBuf> {
    let folder = root.join("target/bench-venv");
    let wanted = root.join("benches/python/requirements.txt");
    let ready = folder.join("ready");
    if std::fs::read(&ready).ok() == std::fs::read(&wanted).ok() {
        return Ok(folder);
    }
    let made = code(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut pip = Command::new(folder.join("bin/pip"));
    let install = ["install", "--quiet", "--disable-pip-version-check", "--requirement"];
    if made != 0 || code(pip.args(install).arg(&wanted))? != 0 {
        return Err(io::Error::other("the peers could not be installed"));
    }
    std::fs::copy(&wanted, &ready)?;
    Ok(folder)
}

/// Puts the package beside the module as it would be shipped.
fn install(root: &Path, into: &Path) -> io::Result<()> {
    let package = into.join("newswire");
    std::fs::create_dir_all(into)?;
    if package.exists() {
        std::fs::remove_dir_all(&package)?;
    }
    copy(&root.join("python/newswire"), &package)?;
    let library = format!("{}newswire_python{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    std::fs::copy(root.join("target/dist").join(library), package.join("_native.abi3.so")).map(drop)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else if entry.path().extension().is_some_and(|extension| extension == "py") {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(crate::root());
    cargo
}

/// Runs it; its exit code.
fn code(command: &mut Command) -> io::Result<u8> {
    let status = command.status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
