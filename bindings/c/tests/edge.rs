//! What the edge does by itself, without the core behind it: so that Miri, which looks at every access to memory, is
//! through in a minute.
//!
//! `MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test -p newswire-c --test edge`
#![allow(unsafe_code, reason = "slices and handlers are made as C makes them")]

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use newswire_c::*;

/// What a failing call tells, given back twice.
fn fault(call: impl FnOnce(Option<&mut MaybeUninit<Fault>>) -> Code) -> (Code, u32, [String; 3]) {
    let mut error = MaybeUninit::uninit();
    let code = call(Some(&mut error));
    assert_ne!(code, Code::Ok);
    // SAFETY: the call failed, so it is there.
    let error = unsafe { error.assume_init_mut() };
    let texts = [&error.message, &error.path, &error.expected];
    let texts = texts.map(|bytes| String::from_utf8(bytes.as_slice().to_vec()).unwrap());
    let told = (error.code, error.column, texts);
    nw_error_free(Some(error));
    assert!(error.message.as_slice().is_empty() && error.code == Code::Ok);
    nw_error_free(Some(error));
    told
}

#[test]
fn handles_are_judged_without_anything_behind_them() {
    for handle in [0, 1, u64::MAX, 1 << 56, 3 << 56 | 7 << 24 | 5, 200 << 56] {
        let (code, column, [message, path, expected]) = fault(|error| nw_close(handle, error));
        assert_eq!((code, column, path.len(), expected.len()), (Code::BadHandle, 0, 0, 0));
        assert!(message.starts_with("the handle "), "{message}");
        assert_eq!(nw_close(handle, None), Code::BadHandle);
    }
}

#[test]
fn slices_are_refused_before_they_are_read() {
    let told = |data: *const u8, length| {
        // SAFETY: null and lengths over every bound are refused; the one that isn't has as many bytes.
        let slice = unsafe { Slice::new(data.cast(), length) };
        fault(|error| nw_event(slice, Some(&mut MaybeUninit::uninit()), error))
    };
    let bytes = b"ab\xc3\x28".to_vec();
    assert_eq!(told(std::ptr::null(), 1).0, Code::Invalid);
    assert_eq!(told(std::ptr::dangling(), usize::MAX).0, Code::TooLarge);
    assert_eq!(told(bytes.as_ptr(), isize::MAX as usize + 1).0, Code::TooLarge);
    let (code, column, [_, path, _]) = told(bytes.as_ptr(), bytes.len());
    assert_eq!((code, column, &*path), (Code::Invalid, 3, "event"));
}

#[test]
fn a_missing_place_is_told_before_anything_is_looked_at() {
    // SAFETY: it isn't looked at.
    let wild = unsafe { Slice::new(std::ptr::dangling(), usize::MAX) };
    let (code, _, [_, path, _]) = fault(|error| nw_filter_parse(wild, None, error));
    assert_eq!((code, &*path), (Code::Invalid, "out"));
    assert_eq!(nw_stats(0, None, None), Code::Invalid);
    nw_bytes_free(None);
    nw_error_free(None);
}

#[test]
fn what_belongs_to_a_handler_is_released_once_wherever_that_happens() {
    extern "C" fn call(_: *mut c_void, _: Slice) -> i32 {
        0
    }
    extern "C" fn release(data: *mut c_void) {
        // SAFETY: it is one of the counts that were given away below, each for one release.
        let count = unsafe { Arc::from_raw(data.cast::<AtomicUsize>()) };
        count.fetch_add(1, Ordering::Relaxed);
    }
    let count = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let count = count.clone();
            std::thread::spawn(move || {
                let data = Arc::into_raw(count).cast_mut().cast::<c_void>();
                // SAFETY: null is allowed.
                let none = unsafe { Slice::new(std::ptr::null(), 0) };
                // SAFETY: the functions are sound from any thread with this pointer, which is released once.
                let handler = unsafe { Handler::new(Some(call), Some(release), data) };
                nw_on(0, none, none, handler, Some(&mut MaybeUninit::uninit()), None)
            })
        })
        .collect();
    assert!(threads.into_iter().all(|thread| thread.join().unwrap() == Code::BadHandle));
    assert_eq!((count.load(Ordering::Relaxed), Arc::strong_count(&count)), (4, 1));
}
