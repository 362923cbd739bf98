//! `newswire import`: many recordings become one, whole or not at all.

mod common;

use std::fs::{self, File};
use std::io::{self, Cursor};
use std::path::Path;

use common::{
    Captured, HEAD, Limited, lines_of, newswire, newswire_with, pi_sessions, piped, piped_with, place,
    run_with, text_of, written,
};
use newswire_cli::{FAILED, OK, Stdio, USAGE};

/// A place where nothing is yet.
fn free(name: &str) -> String {
    let path = place(name);
    let _ = fs::remove_file(&path);
    path
}

/// Whether anything of an unfinished import lies about.
fn is_clean(name: &str) -> bool {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut names =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    !names.any(|found| found.starts_with(&format!(".{name}.")))
}

#[test]
fn the_figures_of_an_import_are_those_of_its_sources() {
    let Some([first, second]) = pi_sessions() else { return };
    for name in ["import-all.ndjson", "import-all.ndjson.zst"] {
        let out = free(name);
        let (code, shown, err) = newswire(&["import", text_of(&first), text_of(&second), "-o", &out]);
        assert_eq!((code, shown.as_str()), (OK, ""));
        assert_eq!(err, format!("newswire: 5482 events of 2022 records written to {out}\n"));
        let (_, sources, _) = piped(&["stats", text_of(&first), text_of(&second)]);
        let (_, imported, _) = piped(&["stats", &out]);
        let (sources, imported) = (&lines_of(&sources)[0], &lines_of(&imported)[0]);
        for part in ["events", "by_kind", "model_calls", "tool_calls", "by_model", "by_tool", "by_run"] {
            assert_eq!(sources[part], imported[part], "{part}");
        }
        assert!(is_clean(name));
    }
    let [plain, packed] =
        ["import-all.ndjson", "import-all.ndjson.zst"].map(|name| fs::metadata(place(name)).unwrap().len());
    assert!(packed * 2 < plain);
}

#[test]
fn standard_input_and_output_work_and_can_be_chained() {
    let (code, out, err) = piped_with(&["import", "-"], Cursor::new(format!("{HEAD}\n")));
    assert_eq!((code, err.as_str()), (OK, ""));
    let lines = lines_of(&out);
    assert_eq!(
        (lines[0]["newswire"].as_str(), lines[1]["kind"].as_str()),
        (Some("recording"), Some("session.started"))
    );
    let (code, again, _) = piped_with(&["import", "-", "-o", "-"], Cursor::new(out.clone()));
    assert_eq!((code, again), (OK, out));
}

#[test]
fn recordings_follow_one_another_in_the_order_in_which_they_are_given() {
    let session = |id: &str| written(&format!("import-{id}.jsonl"), &HEAD.replace("s-1", id));
    let (b, a) = (session("b"), session("a"));
    let (_, out, _) = piped(&["import", &b, &a]);
    let runs: Vec<_> =
        lines_of(&out)[1..].iter().map(|event| event["scope"]["run"].as_str().unwrap().to_owned()).collect();
    assert_eq!(runs, ["b", "a"]);
}

#[test]
fn what_the_importer_does_not_know_is_kept_and_told() {
    let file = written("import-odd.jsonl", &format!("{HEAD}\n{{\"type\":\"label\",\"x\":1}}\n"));
    let (code, out, err) = piped(&["import", &file]);
    assert_eq!((code, err.as_str()), (OK, "newswire: kept as they are, being unknown: 1 record (label)\n"));
    assert_eq!(lines_of(&out)[2]["payload"]["x"], 1);
}

#[test]
fn a_file_that_is_there_is_replaced_only_by_force_and_stays_where_the_import_fails() {
    let file = written("import-fine.jsonl", &format!("{HEAD}\n"));
    let broken = written("import-broken.jsonl", &format!("{HEAD}\n{{\"type\":\n"));
    let out = written("import-there.ndjson", "precious\n");
    let (code, _, err) = newswire(&["import", &file, "-o", &out]);
    assert_eq!(code, FAILED);
    assert!(err.contains("the file is there already"), "{err}");
    let (code, _, err) = newswire(&["import", &broken, "-o", &out, "--force"]);
    assert_eq!(code, FAILED);
    assert!(
        err.contains("import-broken.jsonl:2: ") && err.contains(&format!("{out} was not written")),
        "{err}"
    );
    assert_eq!(fs::read_to_string(&out).unwrap(), "precious\n");
    assert_eq!(newswire(&["import", &file, "-o", &out, "--force"]).0, OK);
    assert_eq!(fs::read_to_string(&out).unwrap().lines().count(), 2);
    assert!(is_clean("import-there.ndjson"));
}

#[cfg(unix)]
#[test]
fn a_file_that_is_replaced_keeps_who_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let file = written("import-secret.jsonl", &format!("{HEAD}\n"));
    for mode in [0o600, 0o640, 0o664, 0o400] {
        let name = format!("import-secret-{mode:o}.ndjson");
        let out = free(&name);
        fs::write(&out, "precious\n").unwrap();
        fs::set_permissions(&out, PermissionsExt::from_mode(mode)).unwrap();
        assert_eq!(newswire(&["import", &file, "-o", &out, "--force"]).0, OK);
        assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, mode);
        assert_eq!(fs::read_to_string(&out).unwrap().lines().count(), 2);
        assert!(is_clean(&name));
    }
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_what_it_leads_to_is_replaced() {
    let file = written("import-linked.jsonl", &format!("{HEAD}\n"));
    let broken = written("import-linked-broken.jsonl", &format!("{HEAD}\n{{\"type\":\n"));
    let folder = place("import-links");
    fs::create_dir_all(&folder).unwrap();
    let (target, link) = (format!("{folder}/target.ndjson"), free("import-link.ndjson"));
    fs::write(&target, "precious\n").unwrap();
    std::os::unix::fs::symlink("import-links/target.ndjson", &link).unwrap();
    assert_eq!(newswire(&["import", &broken, "-o", &link, "--force"]).0, FAILED);
    assert_eq!(fs::read_to_string(&target).unwrap(), "precious\n");
    let (code, _, err) = newswire(&["import", &file, "-o", &link, "--force"]);
    assert_eq!((code, err), (OK, format!("newswire: 1 event of 1 record written to {link}\n")));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&target).unwrap().lines().count(), 2);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_to_nothing_is_no_place_to_write_to() {
    let file = written("import-dangling.jsonl", &format!("{HEAD}\n"));
    let link = free("import-dangling.ndjson");
    std::os::unix::fs::symlink("nowhere/at.all", &link).unwrap();
    for force in [&[][..], &["--force"]] {
        let args: Vec<&str> = ["import", &file, "-o", &link].iter().chain(force).copied().collect();
        let (code, _, err) = newswire(&args);
        assert_eq!(code, FAILED);
        assert!(err.contains(&format!("{link}: this is a link to a file that isn't there")), "{err}");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}

#[test]
fn what_a_killed_import_has_left_is_removed_by_the_next_and_told() {
    let file = written("import-killed.jsonl", &format!("{HEAD}\n"));
    let out = free("import-killed.ndjson");
    let left =
        ["1-0", "77-3"].map(|process| written(&format!(".import-killed.ndjson.{process}.part"), "half"));
    let other = written(".import-killed.ndjson.backup.part", "precious");
    let (code, _, err) = newswire(&["import", &file, "-o", &out]);
    assert_eq!(code, OK);
    let said = format!("newswire: 2 unfinished imports of {out} removed: what wrote there was killed\n");
    assert!(err.starts_with(&said), "{err}");
    assert!(left.iter().all(|left| !Path::new(left).exists()));
    assert_eq!(fs::read_to_string(&other).unwrap(), "precious");
    fs::remove_file(other).unwrap();

    // One that is still being written is left alone.
    let busy = File::create(place(".import-killed.ndjson.5-0.part")).unwrap();
    busy.lock().unwrap();
    let (code, _, err) = newswire(&["import", &file, "-o", &out, "--force"]);
    assert_eq!(code, OK);
    assert!(err.contains(".import-killed.ndjson.5-0.part lies beside"), "{err}");
    drop(busy);
    assert_eq!(newswire(&["import", &file, "-o", &out, "--force"]).0, OK);
    assert!(is_clean("import-killed.ndjson"));
}

#[test]
fn an_import_into_its_own_source_is_whole() {
    let file = written("import-itself.jsonl", &format!("{HEAD}\n{{\"type\":\"compaction\"}}\n"));
    assert_eq!(newswire(&["import", &file, "-o", &file, "--force"]).0, OK);
    assert_eq!(newswire(&["grep", "-c", "*", &file]).1, "2\n");
}

#[test]
fn broken_records_are_skipped_if_that_is_asked_for_and_counted() {
    let broken =
        written("import-skip.jsonl", &format!("{HEAD}\n{{\"type\":\n[]\n{{\"type\":\"compaction\"}}\n"));
    let out = free("import-skip.ndjson");
    let (code, _, err) = newswire(&["import", &broken, "-o", &out, "--skip"]);
    assert_eq!(code, OK);
    assert!(
        err.contains("2 broken records were skipped, the first: ") && err.contains("2 events of 2 records"),
        "{err}"
    );
    assert!(!Path::new(&free("import-strict.ndjson")).exists());
    assert_eq!(newswire(&["import", &broken, "-o", &place("import-strict.ndjson")]).0, FAILED);
    assert!(!Path::new(&place("import-strict.ndjson")).exists());
}

#[test]
fn an_output_that_cannot_be_written_is_told_by_its_name() {
    let Some([file, _]) = pi_sessions() else { return };
    let folder = env!("CARGO_TARGET_TMPDIR");
    let nowhere = format!("{folder}/no/such/folder.ndjson");
    for (out, said) in [
        ("/dev/full", "/dev/full: writing failed: No space left on device"),
        (folder, "this is a directory"),
        (&nowhere, "there is no such folder"),
    ] {
        let (code, _, err) = newswire(&["import", text_of(&file), "-o", out]);
        assert_eq!((code, err.lines().count()), (FAILED, 1), "{err}");
        assert!(err.contains(said) && err.contains(out), "{err}");
    }
    let err = Captured::default();
    let stdio = Stdio::new(io::empty(), Limited(100, io::ErrorKind::StorageFull), err.clone());
    assert_eq!(run_with(&["import", text_of(&file)], stdio), FAILED);
    assert!(err.text().starts_with("newswire: standard output: writing failed"), "{}", err.text());
}

#[test]
fn without_any_input_there_is_no_output() {
    let out = free("import-nothing.ndjson");
    let (code, _, err) = newswire_with(&["import", "-", "-o", &out], io::empty());
    assert_eq!(code, FAILED);
    assert!(err.contains("nothing stands in it") && !Path::new(&out).exists(), "{err}");
}

#[test]
fn a_file_that_is_missing_puts_nothing_on_the_standard_output() {
    for command in ["import", "export"] {
        let (code, out, err) = piped(&[command, "no-such-file.ndjson", "-o", "-"]);
        assert_eq!((code, out.as_str()), (FAILED, ""), "{command}: {err}");
    }
}

#[test]
fn input_of_which_nothing_can_be_read_leaves_no_store_behind() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nothing-read");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let store = folder.join("events.db").display().to_string();
    for input in ["{\"id\":\n", ""] {
        let (code, out, err) = piped_with(&["record", "-o", &store], Cursor::new(input));
        assert_eq!((code, out.as_str()), (FAILED, ""), "{err}");
    }
    let (code, _, err) = piped(&["record", "no-such-file.ndjson", "-o", &store]);
    assert!(code == FAILED && err.contains("no-such-file.ndjson"), "{err}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn with_skip_what_could_be_read_is_written_and_what_could_not_is_told() {
    let sound = written("import-part.jsonl", &format!("{HEAD}\n{{\"type\":\"compaction\"}}\n"));
    let empty = written("import-part-empty.jsonl", "");
    let unknown = written("import-part-unknown.txt", "Dear all,\n");
    let cut = {
        let out = free("import-part-cut.ndjson.zst");
        assert_eq!(newswire(&["import", &sound, "-o", &out]).0, OK);
        let bytes = fs::read(&out).unwrap();
        fs::write(&out, &bytes[..bytes.len() - 9]).unwrap();
        out
    };
    for (others, unread) in [
        (vec![&*empty], "1 file was"),
        (vec!["/nowhere/at.all", &*unknown], "2 files were"),
        (vec![&*cut], "1 file was"),
    ] {
        let out = free("import-part.ndjson");
        let args = [&["import", "--skip", &sound, "-o", &out][..], &others].concat();
        let (code, _, err) = newswire(&args);
        let told = format!("newswire: {out} was written, but {unread} not read, or not to the end\n");
        assert!(code == FAILED && err.ends_with(&told), "{others:?}: {code} {err}");
        assert!(is_clean("import-part.ndjson"));
        let count: u64 = newswire(&["grep", "-c", "*", &out]).1.trim().parse().unwrap();
        assert!(count >= 2, "{others:?}: {count}");
        let strict = free("import-part-strict.ndjson");
        let args = [&["import", &sound, "-o", &strict][..], &others].concat();
        let (code, _, err) = newswire(&args);
        assert!(code == FAILED && err.ends_with("was not written\n"), "{err}");
        assert!(!Path::new(&strict).exists());
    }
    let out = free("import-part-none.ndjson");
    let (code, _, err) = newswire(&["import", "--skip", &empty, "/nowhere/at.all", "-o", &out]);
    assert!(code == FAILED && err.ends_with("was not written\n"), "{err}");
    assert!(!Path::new(&out).exists());
}

#[test]
fn a_name_that_is_as_long_as_names_may_be_can_be_written_to() {
    let source = written("import-long-name.jsonl", &format!("{HEAD}\n"));
    let out = free(&format!("{}.ndjson", "n".repeat(243)));
    for _ in 0..2 {
        assert_eq!(newswire(&["import", &source, "-o", &out, "--force"]).0, OK);
    }
    assert_eq!(newswire(&["grep", "-c", "*", &out]).1, "1\n");
}

#[test]
fn lines_are_read_that_are_as_long_as_the_user_says() {
    let source = written(
        "import-long-line.jsonl",
        &format!("{HEAD}\n{{\"type\":\"compaction\"}}{}\n", " ".repeat(2 << 20)),
    );
    assert_eq!(newswire(&["grep", "-c", "*", &source]).0, USAGE);
    let (code, out, err) = newswire(&["grep", "-c", "*", &source, "--max-line", "4000000"]);
    assert_eq!((code, out.as_str()), (OK, "2\n"), "{err}");
    assert_eq!(newswire(&["check", &source, "--max-line", "4000000"]).0, OK);
}
