//! What a failed call tells: a code, and where the caller gave a place for it, all that is known.

use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

use newswire::{Error, ErrorKind};
use newswire_facade::BadHandle;

use crate::edge::Bytes;

/// What became of a call.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Done.
    Ok = 0,
    /// The input is wrong: correct it and call again.
    Invalid = 1,
    /// The input is well formed but over a bound: make it smaller.
    TooLarge = 2,
    /// A queue is full now: call again later.
    Full = 3,
    /// It is closed, or has ended: nothing will ever come of this call.
    Closed = 4,
    /// Waiting here could never end: inside a handler, on a loop thread.
    WouldDeadlock = 5,
    /// The deadline passed first.
    TimedOut = 6,
    /// A position lies outside what is kept.
    OutOfRange = 7,
    /// The operating system refused: a file, a thread.
    Io = 8,
    /// The handle is 0, of another type, was closed, or never came from here.
    BadHandle = 9,
    /// A defect of Newswire: it was caught, and what the call was to do may be half done.
    Panic = 10,
}

/// What is known of a failed call. It is filled only where a call fails; give it back by `nw_error_free`.
#[repr(C)]
#[derive(Debug)]
pub struct Fault {
    /// The code that the call gave, too.
    pub code: Code,
    /// Column of the text that it is about, counted in characters from 1; 0 where there is none.
    pub column: u32,
    /// What was wrong, for people.
    pub message: Bytes,
    /// The field it is about; empty where there is none.
    pub path: Bytes,
    /// What would have been right; empty where that can't be said.
    pub expected: Bytes,
}

/// Why a call fails.
pub(crate) enum Failure {
    Error(Error),
    Handle(BadHandle),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl<T> From<newswire::Rejected<T>> for Failure {
    fn from(rejected: newswire::Rejected<T>) -> Self {
        Self::Error(rejected.error)
    }
}

impl From<BadHandle> for Failure {
    fn from(handle: BadHandle) -> Self {
        Self::Handle(handle)
    }
}

/// The result of what a call does.
pub(crate) type Done<T = ()> = Result<T, Failure>;

/// Runs a call: its failure, and a panic of ours, become codes.
pub(crate) fn call(fault: Option<&mut MaybeUninit<Fault>>, act: impl FnOnce() -> Done) -> Code {
    let failure = match catch_unwind(AssertUnwindSafe(act)) {
        Ok(Ok(())) => return Code::Ok,
        Ok(Err(failure)) => Ok(failure),
        Err(panic) => Err(panic),
    };
    // What tells of a failure allocates, which may panic as well; then there is the code alone.
    let told = catch_unwind(AssertUnwindSafe(|| match failure {
        Ok(failure) => failure.told(),
        Err(panic) => {
            let message = said(&*panic).unwrap_or("it says nothing");
            let told = Fault::of(Code::Panic, &format!("Newswire panicked: {message}"));
            // A panic's payload may be anything, and what its end does, too.
            std::mem::forget(panic);
            told
        }
    }));
    match told {
        Ok(told) => {
            let code = told.code;
            match fault {
                Some(place) => {
                    place.write(told);
                }
                None => told.free_now(),
            }
            code
        }
        Err(panic) => {
            std::mem::forget(panic);
            Code::Panic
        }
    }
}

/// Runs a call that has a result. The place for it is asked for before anything is done that would have to be undone
/// without one.
pub(crate) fn give<T>(
    out: Option<&mut MaybeUninit<T>>,
    fault: Option<&mut MaybeUninit<Fault>>,
    act: impl FnOnce() -> Done<T>,
) -> Code {
    call(fault, || {
        let no_place = || Error::invalid("a null pointer is no place for the result").at_path("out");
        let out = out.ok_or_else(no_place)?;
        out.write(act()?);
        Ok(())
    })
}

fn said(panic: &(dyn std::any::Any + Send)) -> Option<&str> {
    panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str))
}

impl Failure {
    fn told(self) -> Fault {
        match self {
            Self::Handle(handle) => Fault::of(Code::BadHandle, &handle.to_string()),
            Self::Error(error) => {
                let text = |text: Option<&str>| text.map_or(Bytes::NONE, Bytes::of);
                Fault {
                    column: error.column().and_then(|column| u32::try_from(column).ok()).unwrap_or(0),
                    path: text(error.path()),
                    expected: text(error.expected()),
                    ..Fault::of(code(error.kind()), error.message())
                }
            }
        }
    }
}

/// One match on the core's kinds.
fn code(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::TooLarge => Code::TooLarge,
        ErrorKind::Full => Code::Full,
        ErrorKind::Closed => Code::Closed,
        ErrorKind::WouldDeadlock => Code::WouldDeadlock,
        ErrorKind::TimedOut => Code::TimedOut,
        ErrorKind::OutOfRange => Code::OutOfRange,
        ErrorKind::Io => Code::Io,
        // A kind that this version doesn't know is about the input, as far as anybody can say.
        _ => Code::Invalid,
    }
}

impl Fault {
    fn of(code: Code, message: &str) -> Self {
        Self { code, column: 0, message: Bytes::of(message), path: Bytes::NONE, expected: Bytes::NONE }
    }

    pub(crate) fn free(&mut self) {
        [&mut self.message, &mut self.path, &mut self.expected].into_iter().for_each(Bytes::free);
        self.code = Code::Ok;
        self.column = 0;
    }

    fn free_now(mut self) {
        self.free();
    }
}
