//! What calls answer, code by code, and who owns what meanwhile.
#![allow(unsafe_code, reason = "slices and handlers are made as C makes them")]

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use newswire_c::*;
use newswire_facade::{BatchItem, read_batch};

const SECOND: i64 = 1_000_000_000;

fn text(text: &str) -> Slice {
    // SAFETY: each is used in the call that it is made for.
    unsafe { Slice::new(text.as_ptr().cast(), text.len()) }
}

/// The result of a call that can't fail.
fn get<T>(call: impl FnOnce(Option<&mut MaybeUninit<T>>, Option<&mut MaybeUninit<Fault>>) -> Code) -> T {
    let (mut out, mut error) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    let code = call(Some(&mut out), Some(&mut error));
    // SAFETY: the error is there where the call failed.
    assert_eq!(code, Code::Ok, "{}", told(unsafe { error.assume_init_ref() }));
    // SAFETY: the result is there where it didn't.
    unsafe { out.assume_init() }
}

/// Code, path and message of a call that fails.
fn fails(call: impl FnOnce(Option<&mut MaybeUninit<Fault>>) -> Code) -> (Code, String, String) {
    let mut error = MaybeUninit::uninit();
    let code = call(Some(&mut error));
    assert_ne!(code, Code::Ok);
    // SAFETY: the call failed, so it is there.
    let error = unsafe { error.assume_init_mut() };
    assert_eq!(error.code, code);
    let path = String::from_utf8_lossy(error.path.as_slice()).into_owned();
    let said = (code, path, told(error));
    nw_error_free(Some(error));
    said
}

fn told(error: &Fault) -> String {
    String::from_utf8_lossy(error.message.as_slice()).into_owned()
}

fn bus() -> Handle {
    get(|out, error| nw_bus_open(text(""), out, error))
}

fn subscribe(bus: Handle, options: &str) -> Handle {
    get(|out, error| nw_subscribe(bus, text("*"), text(options), out, error))
}

const EVENT: &str = r#"{"kind":"deploy.finished","payload":7}"#;

#[test]
fn handles_that_name_nothing_are_told_apart() {
    let bus = bus();
    let filter = get(|out, error| nw_filter_parse(text("*"), out, error));
    let message = |handle| {
        let (code, _, message) = fails(|error| nw_publish(handle, text(EVENT), None, error));
        assert_eq!(code, Code::BadHandle);
        message
    };
    assert_eq!(message(0), "the handle is 0");
    assert_eq!(message(filter), "the handle is one of a filter, expected one of a bus");
    assert_eq!(message(u64::MAX), "the handle never came from here");
    assert_eq!(nw_close(bus, None), Code::Ok);
    assert_eq!(message(bus), "the handle was closed");
    assert_eq!(nw_close(bus, None), Code::BadHandle);
    assert_eq!(nw_close(filter, None), Code::Ok);
}

#[test]
fn a_full_queue_answers_full_to_who_only_tries() {
    let bus = bus();
    let subscription = subscribe(bus, r#"{"buffer":1,"when_full":"block","max_wait_ns":60000000000}"#);
    assert_eq!(nw_try_publish(bus, text(EVENT), None, None), Code::Ok);
    assert_eq!(nw_try_publish(bus, text(EVENT), None, None), Code::Full);
    assert_eq!((nw_close(subscription, None), nw_close(bus, None)), (Code::Ok, Code::Ok));
}

#[test]
fn a_handler_is_called_and_let_go_of_and_cannot_wait_inside() {
    static BUS: AtomicU64 = AtomicU64::new(0);
    static ANSWER: AtomicI32 = AtomicI32::new(-1);
    static RELEASED: AtomicI32 = AtomicI32::new(0);
    extern "C" fn call(data: *mut c_void, _: Slice) -> i32 {
        assert_eq!(data as usize, 7);
        let mut out = MaybeUninit::uninit();
        let code = nw_wait_for(BUS.load(Ordering::SeqCst), text("*"), SECOND, Some(&mut out), None);
        ANSWER.store(code as i32, Ordering::SeqCst);
        3
    }
    extern "C" fn release(_: *mut c_void) {
        RELEASED.fetch_add(1, Ordering::SeqCst);
    }
    let bus = bus();
    BUS.store(bus, Ordering::SeqCst);
    // SAFETY: the pointer is a number to both.
    let handler = || unsafe { Handler::new(Some(call), Some(release), 7 as *mut c_void) };
    let wrong = fails(|error| {
        nw_on(bus, text("*"), text("{\"mode\":\"x\"}"), handler(), Some(&mut MaybeUninit::uninit()), error)
    });
    assert_eq!((wrong.0, &*wrong.1), (Code::Invalid, "options.mode"));
    assert_eq!(RELEASED.load(Ordering::SeqCst), 1, "also where it fails");

    let inline = text("{\"mode\":\"inline\"}");
    let listener = get(|out, error| nw_on(bus, text("*"), inline, handler(), out, error));
    assert_eq!(nw_publish(bus, text(EVENT), None, None), Code::Ok);
    assert_eq!(ANSWER.load(Ordering::SeqCst), Code::WouldDeadlock as i32);
    let mut stats: Bytes = get(|out, error| nw_stats(listener, out, error));
    let json = String::from_utf8_lossy(stats.as_slice()).into_owned();
    assert!(json.contains(r#""failed":1"#) && json.contains("the handler gave 3"), "{json}");
    nw_bytes_free(Some(&mut stats));
    assert_eq!(RELEASED.load(Ordering::SeqCst), 1);
    assert!(get(|out, error| nw_unsubscribe(listener, SECOND, out, error)));
    assert_eq!(RELEASED.load(Ordering::SeqCst), 2);
    assert_eq!(nw_close(listener, None), Code::BadHandle, "unsubscribing has closed it");
    assert_eq!(nw_close(bus, None), Code::Ok);
}

#[test]
fn a_result_without_a_place_is_told_before_anything_is_done() {
    let bus = bus();
    let (code, path, _) = fails(|error| nw_subscribe(bus, text("*"), text(""), None, error));
    assert_eq!((code, &*path), (Code::Invalid, "out"));
    let mut stats: Bytes = get(|out, error| nw_stats(bus, out, error));
    assert!(String::from_utf8_lossy(stats.as_slice()).contains(r#""subscriptions":[]"#));
    nw_bytes_free(Some(&mut stats));
    assert_eq!(nw_close(bus, None), Code::Ok);
}

#[test]
fn texts_that_are_none_are_told_by_name_and_column() {
    let refused = |slice| fails(|error| nw_filter_parse(slice, Some(&mut MaybeUninit::uninit()), error));
    // SAFETY: null is refused, and so is a length over every bound.
    let (null, long) =
        unsafe { (Slice::new(std::ptr::null(), 3), Slice::new(EVENT.as_ptr().cast(), usize::MAX)) };
    assert_eq!(refused(null).1, "filter");
    assert_eq!(refused(long).0, Code::TooLarge);
    // SAFETY: it has four bytes.
    let no_text = unsafe { Slice::new(c"to\xffl".as_ptr(), 4) };
    let mut error = MaybeUninit::uninit();
    nw_filter_parse(no_text, Some(&mut MaybeUninit::uninit()), Some(&mut error));
    // SAFETY: the call failed.
    let error = unsafe { error.assume_init_mut() };
    assert_eq!((error.code, error.column), (Code::Invalid, 3));
    nw_error_free(Some(error));
}

#[test]
fn a_batch_belongs_to_the_caller_until_it_is_given_back() {
    let bus = bus();
    let subscription = subscribe(bus, "");
    let published = get(|out, error| nw_publish(bus, text(EVENT), out, error));
    assert_eq!((published.seq, published.delivered), (1, 1));
    let mut batch: Bytes = get(|out, error| nw_next_batch(subscription, 9, SECOND, out, error));
    assert_eq!((nw_close(subscription, None), nw_close(bus, None)), (Code::Ok, Code::Ok));
    let items = read_batch(batch.as_slice()).unwrap();
    assert!(matches!(items[..], [BatchItem::Event { seq: 1, payload: Some("7"), .. }]), "{items:?}");
    nw_bytes_free(Some(&mut batch));
    assert!(batch.as_slice().is_empty());
    nw_bytes_free(Some(&mut batch));
}

#[test]
fn one_thread_closes_what_another_waits_on() {
    let bus = bus();
    let subscription = subscribe(bus, "");
    let waiting = std::thread::spawn(move || {
        fails(|error| nw_next_batch(subscription, 1, 60 * SECOND, Some(&mut MaybeUninit::uninit()), error))
    });
    assert_eq!(nw_close(subscription, None), Code::Ok);
    // Whether it had begun to wait or not: it doesn't stay.
    assert!(matches!(waiting.join().unwrap().0, Code::Closed | Code::BadHandle));
    assert_eq!(nw_close(bus, None), Code::Ok);
}

#[test]
fn the_default_bus_is_one_whoever_asks() {
    let [one, two]: [Handle; 2] = [(); 2].map(|()| get(|out, error| nw_bus_default(out, error)));
    assert_ne!(one, two);
    let subscription = subscribe(one, "");
    assert_eq!(get(|out, error| nw_publish(two, text(EVENT), out, error)).matched, 1);
    for handle in [subscription, one, two] {
        assert_eq!(nw_close(handle, None), Code::Ok);
    }
}

#[test]
fn every_function_of_the_header_is_called_by_some_test() {
    let tests = [include_str!("answers.rs"), include_str!("calls/mod.rs")].concat();
    let header = include_str!("../include/newswire.h");
    let declared =
        header.lines().filter(|line| !line.starts_with([' ', '/', '#', '}']) && line.contains('('));
    let names: Vec<_> =
        declared.filter_map(|line| line.split('(').next()?.split([' ', '*']).next_back()).collect();
    assert!(names.len() > 45 && names.iter().all(|name| name.starts_with("nw_")), "{names:?}");
    let untested: Vec<_> = names.iter().filter(|name| !tests.contains(&format!("{name}("))).collect();
    assert!(untested.is_empty(), "{untested:?}");
    assert!(nw_abi_version() == NW_ABI_VERSION && format!("{:?}", nw_version()).contains("len: 5"));
}
