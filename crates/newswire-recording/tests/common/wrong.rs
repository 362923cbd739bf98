//! What the tests of documents that are wrong need.
#![allow(dead_code, reason = "each test uses some of it")]

use newswire::{Error, Result};

use crate::common::import;

/// The first error of a source that is called `test`; the import ends with it.
pub(crate) fn error_of(format: &str, bytes: &[u8]) -> Error {
    let mut import = import(format, bytes, "test");
    let error = import.by_ref().find_map(Result::err).expect("an error");
    assert!(import.next().is_none(), "an import ends after its error");
    error
}

/// Whether the error says where in the source it is, by line and column; of one that is empty it can't.
pub(crate) fn is_placed(error: &Error, source: &str) -> bool {
    let path = error.path().and_then(|path| path.strip_prefix(source));
    match error.column() {
        Some(_) => path.is_some_and(|path| path.starts_with(':')),
        None => path == Some("") && error.message() == "nothing stands in it",
    }
}
