//! The edge: the one file that looks behind pointers that came from C, or hands any out.
//!
//! Its types have private fields, so that only C makes them, and C promises what the header says: that a slice's
//! `data` has `len` bytes which nobody changes during the call, that a `nw_bytes` came from here and wasn't freed
//! before, and that a handler may be called from any thread until it is released. Everything else is checked:
//! null, lengths, UTF-8.

use std::ffi::{c_char, c_void};
use std::{ptr, slice};

use newswire::{Error, ErrorKind, Result};

/// What stands for an object of Newswire's: a number, never a pointer. 0 is none.
pub type Handle = u64;

/// Text or bytes of the caller's, for the time of a call. Text is UTF-8 and needs no zero at its end.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    /// Where it begins; may be null where it is empty.
    data: *const c_char,
    /// How many bytes it has.
    len: usize,
}

impl Slice {
    /// As C would make it, for tests in Rust.
    ///
    /// # Safety
    /// `data` must have `len` bytes, for as long as the slice is used; or be null, or `len` be over every bound.
    #[must_use]
    pub const unsafe fn new(data: *const c_char, len: usize) -> Self {
        Self { data, len }
    }

    /// What has been put together here, lent to a handler.
    pub(crate) const fn lend(bytes: &[u8]) -> Self {
        Self { data: bytes.as_ptr().cast(), len: bytes.len() }
    }

    /// The text, of at most `most` bytes; `name` is what errors call it.
    pub(crate) fn text(&self, name: &str, most: usize) -> Result<&str> {
        if self.len == 0 {
            return Ok("");
        }
        if self.data.is_null() {
            let message = format!("a null pointer can't have {} bytes", self.len);
            return Err(Error::invalid(message).at_path(name));
        }
        if self.len > most {
            let message = format!("it has {} bytes, at most {most} may be", self.len);
            return Err(Error::new(ErrorKind::TooLarge, message).at_path(name));
        }
        // SAFETY: it isn't null, and C promises that so many bytes are there and stand still during the call, which
        // the borrow doesn't outlive; the bound keeps the length below `isize::MAX`.
        let bytes = unsafe { slice::from_raw_parts(self.data.cast::<u8>(), self.len) };
        std::str::from_utf8(bytes).map_err(|error| {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let column = String::from_utf8_lossy(valid).chars().count() + 1;
            Error::invalid("it is not UTF-8").at_path(name).at_column(column)
        })
    }
}

/// Text or bytes that the caller now owns, to be given back by `nw_bytes_free`. Text has a zero behind its end, which
/// isn't counted.
#[repr(C)]
#[derive(Debug)]
pub struct Bytes {
    /// Where it begins; null where there is nothing.
    data: *mut c_char,
    /// How many bytes it has.
    len: usize,
}

impl Bytes {
    /// Nothing, which needs no freeing.
    pub const NONE: Self = Self { data: ptr::null_mut(), len: 0 };

    /// Hands bytes out.
    pub(crate) fn of(bytes: impl Into<Vec<u8>>) -> Self {
        let mut bytes = bytes.into();
        bytes.push(0);
        let len = bytes.len() - 1;
        Self { data: Box::into_raw(bytes.into_boxed_slice()).cast(), len }
    }

    /// Takes them back; nothing is left to be freed again.
    pub(crate) fn free(&mut self) {
        let Self { data, len } = std::mem::replace(self, Self::NONE);
        if !data.is_null() {
            let bytes = ptr::slice_from_raw_parts_mut(data.cast::<u8>(), len + 1);
            // SAFETY: it came from `of`, which made a box of one byte more than it tells of, and it has just been
            // taken out of the only place that C may have it freed by.
            drop(unsafe { Box::from_raw(bytes) });
        }
    }

    /// What they are, for tests in Rust.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        if self.data.is_null() {
            return &[];
        }
        // SAFETY: it came from `of` and hasn't been freed, since that would have left null here.
        unsafe { slice::from_raw_parts(self.data.cast::<u8>(), self.len) }
    }
}

/// A handler: a function, what it is called with, and how that is let go of.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Handler {
    /// Called with a batch of one item, an event or a gap, which is there during the call only. Gives 0 when it has
    /// handled the event; any other number counts as a failure. May be called from any thread, and by as many at a
    /// time as the mode allows. Null is an error.
    call: Option<extern "C" fn(user_data: *mut c_void, batch: Slice) -> i32>,
    /// Called once, after the last call, with the same pointer; also where `nw_on` fails. May be null.
    release: Option<extern "C" fn(user_data: *mut c_void)>,
    /// Handed to both.
    user_data: *mut c_void,
}

impl Handler {
    /// As C would make it, for tests in Rust.
    ///
    /// # Safety
    /// Both functions must be sound to call from any thread with `user_data`, until `release` has been called.
    #[must_use]
    pub const unsafe fn new(
        call: Option<extern "C" fn(*mut c_void, Slice) -> i32>,
        release: Option<extern "C" fn(*mut c_void)>,
        user_data: *mut c_void,
    ) -> Self {
        Self { call, release, user_data }
    }

    /// Takes it over: from now on its release is ours to call.
    pub(crate) fn take(self) -> Foreign {
        Foreign(self)
    }
}

/// A handler that is ours to call; dropping it releases its data.
pub(crate) struct Foreign(Handler);

// SAFETY: C promises that the functions may be called from any thread with this pointer, which is handed to them
// and never looked behind here.
unsafe impl Send for Foreign {}

// SAFETY: as for `Send`; how many calls there are at a time is the mode's affair.
unsafe impl Sync for Foreign {}

impl Foreign {
    /// Whether there is a function to be called.
    pub(crate) fn is_callable(&self) -> bool {
        self.0.call.is_some()
    }

    /// Calls it.
    pub(crate) fn call(&self, batch: &[u8]) -> i32 {
        self.0.call.map_or(0, |call| call(self.0.user_data, Slice::lend(batch)))
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        if let Some(release) = self.0.release {
            release(self.0.user_data);
        }
    }
}
