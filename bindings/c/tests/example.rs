//! The example in C is compiled as strictly as can be, linked against each library, run, and says what it should.

use std::path::{Path, PathBuf};
use std::process::Command;

const SAYS: &str = include_str!("../examples/tour.txt");

/// Where the libraries lie that were built for this test.
fn libraries() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().unwrap().to_owned();
    assert!(folder.join("libnewswire_c.a").is_file(), "no library in {}", folder.display());
    folder
}

/// Compiles the example and gives what it prints.
fn says(name: &str, link: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::temp_dir().join(format!("newswire-c-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let program = folder.join("tour");
    let compiled = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-o"])
        .arg(&program)
        .arg(root.join("examples/tour.c"))
        .arg("-I")
        .arg(root.join("include"))
        .args(link)
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let ran = Command::new(&program).output().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(ran.status.success(), "{:?} {}", ran.status, String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

#[test]
fn the_example_runs_with_the_shared_library() {
    let folder = libraries();
    let folder = folder.to_str().unwrap();
    let path = format!("-Wl,-rpath,{folder}");
    assert_eq!(says("shared", &["-L", folder, "-l:libnewswire_c.so", &path]), SAYS);
}

#[test]
fn the_example_runs_with_the_static_library() {
    let library = libraries().join("libnewswire_c.a");
    let library = library.to_str().unwrap();
    assert_eq!(says("static", &[library, "-lpthread", "-ldl", "-lm"]), SAYS);
}
