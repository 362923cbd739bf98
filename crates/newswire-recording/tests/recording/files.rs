//! Files and streams that are no good, or are being written while they are read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use newswire::{Delivery, ErrorKind};
use newswire_recording::{WriteOptions, Writer, open};

use super::{Bytes, EVENT, VERSION_LINE, deliveries, event, events, folder, import, write_all};

fn many(count: i64) -> Vec<Delivery> {
    let payload = |n: i64| format!(r#"{{"n":{},"text":"{n:x}"}}"#, n.wrapping_mul(0x1e37_79b9_7f4a_7c15));
    (0..count).map(|n| Delivery::Event(event("a.b", n, &payload(n)))).collect()
}

#[test]
fn a_zstd_frame_that_is_cut_short_gives_what_is_whole_and_then_an_error() {
    let whole = write_all(&many(20_000), true);
    for cut in [5, whole.len() / 2, whole.len() - 1] {
        let results: Vec<_> = match newswire_recording::read(&whole[..cut], "run.ndjson.zst") {
            Ok(import) => import.collect(),
            Err(error) => vec![Err(error)],
        };
        let error = results.last().unwrap().as_ref().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.path().unwrap().starts_with("run.ndjson.zst"), "{error}");
        assert!(error.message().contains("ends within a zstd frame"), "{error}");
        assert!(results[..results.len() - 1].iter().all(Result::is_ok));
        assert_eq!(results.len() > 1_000, cut > 5);
    }
}

#[test]
fn a_zstd_frame_that_is_damaged_is_told() {
    let mut bytes = write_all(&many(2_000), true);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let error = import(&*bytes).find_map(Result::err).expect("the checksum is wrong");
    assert!(error.message().contains("zstd"), "{error}");
    bytes[last] ^= 1;
    bytes.extend(b"behind the frame");
    assert!(import(&*bytes).any(|result| result.is_err()));
}

#[test]
fn a_zstd_frame_that_asks_for_too_much_memory_is_refused() {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.set_parameter(zstd::zstd_safe::CParameter::WindowLog(27)).unwrap();
    encoder.write_all(VERSION_LINE.as_bytes()).unwrap();
    encoder.flush().unwrap();
    let error = newswire_recording::read(&*encoder.finish().unwrap(), "run").map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.message().contains("memory"), "{error}");
}

#[test]
fn what_is_written_at_any_level_can_be_read() {
    for level in [1, 19, 20, 22] {
        let bytes = Bytes::default();
        let options = WriteOptions { zstd: Some(true), level, ..WriteOptions::default() };
        Writer::to(bytes.clone(), "memory", &options).unwrap().finish().unwrap();
        assert!(deliveries(&bytes.take()).is_empty(), "{level}");
    }
}

#[test]
fn compressed_sources_of_other_formats_are_read_too() {
    let session = zstd::encode_all(&br#"{"type":"session","id":"s-1"}"#[..], 1).unwrap();
    assert_eq!(newswire_recording::read(&*session, "run").unwrap().format().name, "pi");
}

/// Gives a few bytes at a time, as a pipe may.
struct Dribble<'b>(&'b [u8], usize);

impl Read for Dribble<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(out.len());
        (&mut self.0).take(count as u64).read(out)
    }
}

#[test]
fn it_does_not_matter_in_what_pieces_a_recording_arrives() {
    for zstd in [false, true] {
        let bytes = write_all(&many(50), zstd);
        for piece in [1, 3, 7, 4096] {
            assert_eq!(import(Dribble(&bytes, piece)).filter(Result::is_ok).count(), 50, "{piece}");
        }
    }
}

#[test]
fn a_source_that_fails_is_told_with_the_line_and_ends_there() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the cable is out"))
        }
    }
    let text = format!("{VERSION_LINE}\n{EVENT}\n{{\"id\":");
    let mut import = import(text.as_bytes().chain(Broken));
    assert!(import.next().unwrap().is_ok());
    let error = import.next().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::Io, Some("run.ndjson:3")));
    assert!(error.message().contains("the cable is out"), "{error}");
    assert!(import.next().is_none());
}

#[test]
fn a_file_that_grows_is_read_to_the_end_it_has_when_that_is_reached() {
    let path = folder("grows").join("run.ndjson");
    fs::write(&path, format!("{VERSION_LINE}\n{EVENT}\n")).unwrap();
    let mut import = open(&path).unwrap();
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    writeln!(file, "{EVENT}").unwrap();
    assert!(import.next().unwrap().is_ok());
    writeln!(file, "{EVENT}").unwrap();
    assert_eq!(import.by_ref().filter(Result::is_ok).count(), 2);
    writeln!(file, "{EVENT}").unwrap();
    assert!(import.next().is_none(), "the end stays the end");
    // A line that is only half there yet is broken, as it is after a crash.
    file.write_all(br#"{"id":"0190"#).unwrap();
    let last = open(&path).unwrap().last().unwrap().unwrap_err();
    assert_eq!(last.path(), Some(&*format!("{}:6: id", path.display())), "{last}");
}

#[test]
fn a_writer_flushes_what_others_are_to_read() {
    for name in ["run.ndjson", "run.ndjson.zst"] {
        let path = folder("flushes").join(name);
        let mut writer = Writer::create(&path, &WriteOptions::default()).unwrap();
        writer.write_event(&event("a.b", 0, "1")).unwrap();
        writer.flush().unwrap();
        assert!(open(&path).unwrap().next().unwrap().is_ok());
        assert_eq!(writer.finish().unwrap().events, 1);
        assert_eq!(open(&path).unwrap().filter(Result::is_ok).count(), 1);
    }
}

#[test]
fn a_writer_that_is_dropped_hands_on_what_it_holds() {
    let path = folder("dropped").join("run.ndjson.zst");
    let mut writer = Writer::create(&path, &WriteOptions::default()).unwrap();
    writer.write_event(&event("a.b", 0, "1")).unwrap();
    drop(writer);
    assert_eq!(open(&path).unwrap().filter(Result::is_ok).count(), 1);
}

#[test]
fn a_name_that_ends_in_zst_is_compressed_unless_told_otherwise() {
    let folder = folder("endings");
    let begins = |name: &str, zstd: Option<bool>| {
        let path = folder.join(name);
        let options = WriteOptions { zstd, overwrite: true, sync: true, ..WriteOptions::default() };
        Writer::create(&path, &options).unwrap().finish().unwrap();
        fs::read(path).unwrap()[0]
    };
    assert_eq!(begins("a.ndjson", None), b'{');
    assert_eq!(begins("a.ndjson.zst", None), 0x28);
    assert_eq!(begins("a.ndjson.zst", Some(false)), b'{');
    assert_eq!(begins("a.ndjson", Some(true)), 0x28);
}

#[test]
fn an_output_that_exists_is_refused_unless_it_is_to_be_replaced() {
    let path = folder("exists").join("run.ndjson");
    fs::write(&path, "precious").unwrap();
    let error = Writer::create(&path, &WriteOptions::default()).err().unwrap();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Invalid, "the file is there already"));
    assert_eq!(error.path(), path.to_str());
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    let options = WriteOptions { overwrite: true, ..WriteOptions::default() };
    Writer::create(&path, &options).unwrap().finish().unwrap();
    assert!(deliveries(&fs::read(&path).unwrap()).is_empty());
}

#[test]
fn places_that_can_not_be_written_or_read_are_told_so() {
    let folder = folder("places");
    let error = |path: &Path| Writer::create(path, &WriteOptions::default()).err().unwrap();
    assert_eq!(error(&folder).message(), "this is a directory");
    assert_eq!(error(&folder.join("no/run.ndjson")).message(), "there is no such folder");
    assert_eq!(open(&folder).err().unwrap().message(), "this is a directory");
    assert_eq!(open(&folder.join("none")).err().unwrap().message(), "there is no such file");
}

#[cfg(unix)]
#[test]
fn without_permission_that_is_what_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder("permission");
    let path = folder.join("run.ndjson");
    fs::write(&path, VERSION_LINE).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).unwrap();
    if File::open(&path).is_ok() {
        eprintln!("SKIPPED: this user may read everything");
        return;
    }
    assert_eq!(open(&path).err().unwrap().message(), "the file may not be read");
    let options = WriteOptions { overwrite: true, ..WriteOptions::default() };
    assert_eq!(Writer::create(&path, &options).err().unwrap().message(), "the file may not be written");
}

#[test]
fn a_full_disk_is_told_with_the_name_of_the_file_and_stays_told() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        eprintln!("SKIPPED: there is no /dev/full");
        return;
    }
    for zstd in [false, true] {
        let options = WriteOptions { zstd: Some(zstd), ..WriteOptions::default() };
        let mut writer = Writer::create(full, &options).unwrap();
        let failed = many(20_000).iter().find_map(|delivery| writer.write(delivery).err());
        let again = writer.write(&many(1)[0]);
        if let Some(error) = failed {
            assert_eq!((error.kind(), error.path()), (ErrorKind::Io, Some("/dev/full")));
            assert_eq!(again, Err(error));
        }
        let error = writer.finish().unwrap_err();
        assert!(error.message().contains("No space left"), "{error}");
    }
}

#[test]
fn what_a_writer_has_written_is_told() {
    let path = folder("told").join("run.ndjson");
    let mut writer = Writer::create(&path, &WriteOptions::default()).unwrap();
    many(100).iter().for_each(|delivery| writer.write(delivery).unwrap());
    let written = writer.finish().unwrap();
    assert_eq!((written.events, written.gaps), (100, 0));
    assert_eq!(written.bytes, fs::metadata(&path).unwrap().len());
    assert_eq!(events(&fs::read(&path).unwrap()).len(), 100);
}

#[test]
fn white_space_before_a_recording_hides_it_from_nobody() {
    let line = r#"{"id":"0190163d-8694-739b-aea5-966c26f8ad91","kind":"a.b","time":"2026-11-21T01:02:03Z"}"#;
    for blank in [65_500, 70_000, 1 << 20] {
        let text = "\n".repeat(blank) + line;
        let mut import = newswire_recording::read(text.as_bytes(), "x").unwrap();
        assert!(import.next().unwrap().is_ok(), "{blank}");
        assert_eq!(import.line(), blank as u64 + 1);
    }
}
