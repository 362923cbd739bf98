//! What the tests of documents that are wrong need.

use newswire::{Error, Result};

use crate::common::import;

/// The first error of a source that is called `test`; the import ends with it.
pub(crate) fn error_of(format: &str, bytes: &[u8]) -> Error {
    let mut import = import(format, bytes, "test");
    let error = import.by_ref().find_map(Result::err).expect("an error");
    assert!(import.next().is_none(), "an import ends after its error");
    error
}
