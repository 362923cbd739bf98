//! Recordings that earlier versions have written (tests/golden) are read as what they are, and written again the same.

use std::path::Path;

use newswire::{Delivery, Result};
use newswire_recording::{VERSION, WriteOptions, Writer, open};

#[test]
fn recordings_of_every_version_are_read_and_written_again_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden");
    for version in 1..=VERSION {
        let path = folder.join(format!("recording-v{version}.ndjson"));
        let expected = std::fs::read_to_string(&path).unwrap();
        let deliveries = open(&path).unwrap().collect::<Result<Vec<Delivery>>>().unwrap();
        assert_eq!(deliveries.iter().filter(|delivery| matches!(delivery, Delivery::Event(_))).count(), 4);
        let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("golden-v{version}.ndjson"));
        let options = WriteOptions { overwrite: true, ..WriteOptions::default() };
        let mut writer = Writer::create(&copy, &options).unwrap();
        deliveries.iter().try_for_each(|delivery| writer.write(delivery)).unwrap();
        writer.finish().unwrap();
        // The first line also says who has written it.
        let rest = |text: &str| text.split_once('\n').map(|(_, rest)| rest.to_owned());
        assert_eq!(rest(&std::fs::read_to_string(copy).unwrap()), rest(&expected));
    }
}
