//! Any calls in any order, with whatever C might hand in: handles that are null, closed, of another type or made up,
//! texts that are no UTF-8, null or of a wild length, results that have no place. Each call must be answered by a
//! code, and what it hands out be given back, twice.
//!
//! What C promises is kept: a slice that isn't refused for its length has as many bytes as it says.
#![allow(unsafe_code, reason = "slices and handlers are made as C makes them")]

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use newswire_c::*;

/// More than any text may have.
const WILD: [usize; 4] = [usize::MAX, isize::MAX as usize, 1 << 40, (64 << 20) + 1];

/// What is handed in as text, most of it right somewhere.
const TEXTS: &[&[u8]] = &[
    b"",
    b"*",
    b"tool.*",
    b"deploy.finished",
    b"run=r-1 and kind=deploy.*",
    b"tool.* and (",
    b"{\"kind\":\"deploy.finished\",\"payload\":{\"a\":1}}",
    b"{\"kind\":\"deploy.finished\"}\n{\"kind\":\"tool.call.started\",\"payload\":{\"name\":\"a\",\"call_id\":\"b\"}}",
    b"{\"kind\":\"Deploy\"}",
    b"{\"id\":\"0190163d-8694-739b-aea5-966c26f8ad91\",\"kind\":\"a.b\",\"time\":\"2026-11-21T01:02:03Z\"}",
    b"{\"a\":[1,2,{\"b\":null}]}",
    b"[[[[[[[[",
    b"{\"buffer\":1}",
    b"{\"buffer\":-1}",
    b"{\"buffer\":3,\"when_full\":\"drop_newest\"}",
    b"{\"start\":\"earliest\"}",
    b"{\"start\":\"after:nw1.1.1.a\"}",
    b"{\"mode\":\"inline\"}",
    b"{\"mode\":\"keyed\",\"key\":\"session\"}",
    b"{\"mode\":\"concurrent\",\"concurrency\":2}",
    b"{\"queue\":{\"buffer\":2},\"once\":true}",
    b"{\"name\":\"a\",\"history\":16}",
    b"{\"scope\":{\"run\":\"r-1\"},\"tags\":[\"t\"]}",
    b"{\"scope\":{\"nothing\":\"r-1\"}}",
    b"{\"field\":\"payload.**.a\"}",
    b"{\"capacity\":2}",
    b"usage",
    b"trace",
    b"census",
    b"handled",
    b"failed",
    b"pause",
    b"resume",
    b"step",
    b"stop",
    b"seek:1s",
    b"pace:max",
    b"/no/such/file",
    b"kafka:events",
    b"\xff\xfe",
    b"tool.\xc3",
    b"a\0b",
    "d\u{e9}ploy.\u{1f680}".as_bytes(),
];

/// Handles that are or were good, for all who make calls.
#[derive(Default)]
pub(crate) struct Pool {
    known: Mutex<Vec<u64>>,
}

/// How many handlers were handed in, and how many let go of.
pub(crate) static HANDLERS: AtomicI64 = AtomicI64::new(0);

/// A handle that a handler closes while it runs.
static DOOMED: AtomicU64 = AtomicU64::new(0);

extern "C" fn seen(_: *mut c_void, batch: Slice) -> i32 {
    let mut bus = MaybeUninit::uninit();
    if nw_bus_default(Some(&mut bus), None) == Code::Ok {
        // SAFETY: the call has filled it.
        nw_close(unsafe { bus.assume_init() }, None);
    }
    nw_close(DOOMED.swap(0, Ordering::Relaxed), None);
    let mut out = MaybeUninit::uninit();
    i32::from(nw_event(batch, Some(&mut out), None) == Code::Ok)
}

extern "C" fn released(_: *mut c_void) {
    HANDLERS.fetch_sub(1, Ordering::Relaxed);
}

/// Makes calls, one after another, as numbers say.
pub(crate) struct Caller<'p> {
    pool: &'p Pool,
    folder: PathBuf,
    /// How many calls were answered by each code.
    pub(crate) answered: [u64; 11],
    /// What failed to be as it should, if anything.
    pub(crate) wrong: Option<String>,
}

/// A call in numbers: which one, and what it is given.
pub(crate) type Call = (u8, u64, u64, u64);

impl<'p> Caller<'p> {
    pub(crate) fn new(pool: &'p Pool, name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("newswire-c-calls-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Self { pool, folder, answered: [0; 11], wrong: None }
    }

    /// Makes one call.
    pub(crate) fn make(&mut self, (which, a, b, c): Call) {
        let (h, t, u) = (self.handle(a, wanted(which % 48)), self.text(b), self.text(c));
        match which % 48 {
            0 | 1 => self.opens(a, |out, error| nw_bus_open(t, out, error)),
            2 => self.opens(a, |out, error| nw_bus_default(out, error)),
            3 => self.gives(b, |out, error| {
                // Who closed the default bus would have closed it for all calls to come.
                if is_default(h) { nw_stats(h, out, error) } else { nw_bus_close(h, soon(b), out, error) }
            }),
            4 => self.gives(b, |out, error| nw_bus_position(h, out, error)),
            5 => self.tells(|error| nw_bus_wants(h, t, place(b, &mut MaybeUninit::uninit()), error)),
            6 => self.tells(|error| {
                let mut mask = MaybeUninit::uninit();
                let code = nw_bus_interest(h, Some(&mut mask), error);
                // SAFETY: the call has filled it where it says so.
                assert!(code != Code::Ok || !unsafe { mask.assume_init() }.is_null());
                code
            }),
            7 => self.tells(|error| nw_bus_redact(h, t, error)),
            8..=11 => self.tells(|error| nw_publish(h, t, place(b, &mut MaybeUninit::uninit()), error)),
            12 => self.tells(|error| nw_try_publish(h, t, place(b, &mut MaybeUninit::uninit()), error)),
            13 => self.tells(|error| nw_publish_batch(h, t, place(b, &mut MaybeUninit::uninit()), error)),
            14 => self.opens(b, |out, error| nw_publish_durable(h, t, out, error)),
            15 => {
                self.tells(|error| nw_receipt_wait(h, soon(b), place(c, &mut MaybeUninit::uninit()), error))
            }
            16 => self.gives(c, |out, error| nw_request(h, t, soon(c), out, error)),
            17 => self.gives(c, |out, error| nw_wait_for(h, t, soon(c), out, error)),
            18 => self.opens(c, |out, error| nw_emitter_open(h, t, out, error)),
            19 => self.opens(c, |out, error| nw_emitter_within(h, t, out, error)),
            20 => self.tells(|error| nw_emitter_wants(h, t, place(c, &mut MaybeUninit::uninit()), error)),
            21 => self.tells(|error| nw_emit(h, t, u, place(c, &mut MaybeUninit::uninit()), error)),
            22 => self.opens(c, |out, error| nw_subscribe(h, t, u, out, error)),
            23 => {
                let blocks = slice(b"{\"buffer\":1,\"when_full\":\"block\",\"max_wait_ns\":100000}");
                self.opens(c, |out, error| nw_subscribe(h, slice(b"*"), blocks, out, error));
            }
            24..=26 => self.gives(c, |out, error| nw_next_batch(h, b as usize, soon(c), out, error)),
            27 => self.tells(|error| nw_confirm(h, b as usize, t, error)),
            28 => self.gives(c, |out, error| nw_position(h, out, error)),
            29 => self.tells(|error| nw_pause(h, error)),
            30 => self.tells(|error| nw_resume(h, error)),
            31 => self.tells(|error| nw_resize(h, b as usize, c as usize, error)),
            32 | 33 => {
                HANDLERS.fetch_add(1, Ordering::Relaxed);
                DOOMED.store(self.handle(c, 0), Ordering::Relaxed);
                let call: Option<extern "C" fn(*mut c_void, Slice) -> i32> =
                    if c % 8 == 0 { None } else { Some(seen) };
                // SAFETY: neither looks at the pointer.
                let handler = unsafe { Handler::new(call, Some(released), std::ptr::null_mut()) };
                self.opens(b, |out, error| nw_on(h, t, u, handler, out, error));
            }
            34 => {
                self.tells(|error| nw_unsubscribe(h, soon(b), place(c, &mut MaybeUninit::uninit()), error));
            }
            35 => {
                let url = format!("file:{}", self.folder.join(format!("{}.ndjson", b % 4)).display());
                let url = slice(url.as_bytes());
                self.opens(b, |out, error| nw_attach(h, if c % 4 == 0 { t } else { url }, out, error));
            }
            36 => self.tells(|error| nw_flush(h, soon(b), error)),
            37 => self.tells(|error| nw_detach(h, error)),
            38 => self.opens(c, |out, error| nw_watch(h, t, u, out, error)),
            39 => self.gives(c, |out, error| nw_snapshot(h, out, error)),
            40 => {
                let path = self.folder.join(format!("{}.ndjson", b % 4)).display().to_string();
                self.opens(c, |out, error| nw_reader_open(slice(path.as_bytes()), t, out, error));
            }
            41 => self.gives(c, |out, error| nw_read_batch(h, b as usize, out, error)),
            42 => self.gives(c, |out, error| nw_reader_report(h, out, error)),
            43 => self.plays(h, (a, b, c), t),
            44 => self.gives(c, |out, error| match c % 3 {
                0 => nw_player_position(h, out, error),
                1 => nw_player_wait(h, soon(c), out, error),
                _ => nw_runs(t, u, out, error),
            }),
            45 => match c % 3 {
                0 => self.opens(a, |out, error| nw_filter_parse(t, out, error)),
                1 => self.gives(b, |out, error| nw_filter_text(h, out, error)),
                _ => self.tells(|error| nw_filter_matches(h, u, place(b, &mut MaybeUninit::uninit()), error)),
            },
            46 => match c % 3 {
                0 => self.gives(b, |out, error| nw_stats(h, out, error)),
                1 => self.gives(b, |out, error| nw_event(t, out, error)),
                _ => self.tells(|error| nw_kind_slot(t, place(b, &mut MaybeUninit::uninit()), error)),
            },
            _ => self.closes(h),
        }
        if self.known() > 64 {
            let oldest = self.pool.known.lock().expect("no call panics").remove(0);
            self.closes(oldest);
        }
    }

    /// Closes everything that was opened.
    pub(crate) fn end(&mut self) {
        let all: Vec<_> = std::mem::take(&mut *self.pool.known.lock().expect("no call panics"));
        all.into_iter().for_each(|handle| self.closes(handle));
        let _ = std::fs::remove_dir_all(&self.folder);
    }

    fn plays(&mut self, handle: u64, (a, b, c): (u64, u64, u64), text: Slice) {
        if a % 2 == 0 {
            return self.tells(|error| nw_player_command(handle, text, error));
        }
        let path = self.folder.join(format!("{}.ndjson", b % 4)).display().to_string();
        let options = if c % 2 == 0 { text } else { slice(b"{\"pace\":\"max\",\"paused\":true}") };
        self.opens(c, |out, error| nw_play(handle, slice(path.as_bytes()), options, out, error));
    }

    /// A call that opens a handle.
    fn opens(
        &mut self,
        word: u64,
        call: impl FnOnce(Option<&mut MaybeUninit<u64>>, Option<&mut MaybeUninit<Fault>>) -> Code,
    ) {
        let mut out = MaybeUninit::new(0);
        self.tells(|error| call(place(word, &mut out), error));
        // SAFETY: it was filled before, and by the call perhaps again.
        let handle = unsafe { out.assume_init() };
        if handle != 0 {
            self.pool.known.lock().expect("no call panics").push(handle);
        }
    }

    /// A call that gives bytes.
    fn gives(
        &mut self,
        word: u64,
        call: impl FnOnce(Option<&mut MaybeUninit<Bytes>>, Option<&mut MaybeUninit<Fault>>) -> Code,
    ) {
        let mut out = MaybeUninit::new(Bytes::NONE);
        self.tells(|error| call(place(word, &mut out), error));
        // SAFETY: it was filled before, and by the call perhaps again.
        let bytes = unsafe { out.assume_init_mut() };
        std::hint::black_box(bytes.as_slice().iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)));
        nw_bytes_free(Some(bytes));
        nw_bytes_free(Some(bytes));
    }

    /// A call, whose code and error must agree.
    fn tells(&mut self, call: impl FnOnce(Option<&mut MaybeUninit<Fault>>) -> Code) {
        let mut fault = MaybeUninit::new(Fault {
            code: Code::Ok,
            column: 0,
            message: Bytes::NONE,
            path: Bytes::NONE,
            expected: Bytes::NONE,
        });
        let code = call(Some(&mut fault));
        self.answered[code as usize] += 1;
        // SAFETY: it was filled before, and by the call perhaps again.
        let fault = unsafe { fault.assume_init_mut() };
        let message = String::from_utf8_lossy(fault.message.as_slice()).into_owned();
        if code == Code::Panic || code != fault.code || (code == Code::Ok) != message.is_empty() {
            self.wrong.get_or_insert(format!("{code:?}, told as {:?}: {message}", fault.code));
        }
        nw_error_free(Some(fault));
        nw_error_free(Some(fault));
    }

    /// Closing twice is told the second time.
    fn closes(&mut self, handle: u64) {
        self.tells(|error| nw_close(handle, error));
        let mut again = Code::Ok;
        self.tells(|error| {
            again = nw_close(handle, error);
            again
        });
        if again != Code::BadHandle {
            self.wrong.get_or_insert(format!("closed twice: {again:?}"));
        }
    }

    fn known(&self) -> usize {
        self.pool.known.lock().expect("no call panics").len()
    }

    /// A handle: null, made up, or one that was good at some time, mostly of the type that is asked for.
    fn handle(&self, word: u64, wanted: u64) -> u64 {
        let known = self.pool.known.lock().expect("no call panics");
        let from = |place: u64| place as usize % known.len().max(1);
        let fit =
            known.iter().cycle().skip(from(word >> 8)).take(known.len()).find(|one| *one >> 56 == wanted);
        match (word % 16, fit) {
            (0, _) => 0,
            (1, _) => word,
            (2, _) => (((word >> 8) % 12) << 56) | (((word >> 16) % 4) << 24) | ((word >> 24) % 8),
            (3..=13, Some(fit)) => *fit,
            _ => known.get(from(word >> 8)).copied().unwrap_or(word.rotate_left(17)),
        }
    }

    /// Text: right, wrong, null, or of a wild length.
    fn text(&self, word: u64) -> Slice {
        // What most calls can do something with.
        const USUAL: [&[u8]; 4] =
            [b"", b"*", b"deploy.finished", b"{\"kind\":\"deploy.finished\",\"payload\":{\"a\":1}}"];
        let texts: &[&[u8]] = if word >> 7 & 1 == 0 { &USUAL } else { TEXTS };
        let text = texts[(word >> 8) as usize % texts.len()];
        let wild = WILD[(word >> 5) as usize % WILD.len()];
        let (data, length) = match word % 32 {
            0 => (std::ptr::null(), wild),
            1 => (std::ptr::null(), 0),
            2 => (text.as_ptr(), wild),
            _ => return slice(text),
        };
        // SAFETY: null is allowed, and such lengths are refused before anything is looked at.
        unsafe { Slice::new(data.cast(), length) }
    }
}

/// The type of handle that a call asks for, as it stands in handles.
fn wanted(which: u8) -> u64 {
    match which {
        15 => 7,
        19..=21 => 2,
        24..=31 => 3,
        34 => 4,
        36 | 37 => 5,
        39 => 6,
        41 | 42 => 8,
        44 => 9,
        45 => 10,
        _ => 1,
    }
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

/// The default bus can't be told from others by its handle; it has no name, as others mostly have none.
fn is_default(handle: u64) -> bool {
    let mut out = MaybeUninit::new(Bytes::NONE);
    nw_stats(handle, Some(&mut out), None);
    // SAFETY: it was filled before.
    let bytes = unsafe { out.assume_init_mut() };
    let is_nameless = String::from_utf8_lossy(bytes.as_slice()).starts_with("{\"name\":\"\"");
    nw_bytes_free(Some(bytes));
    is_nameless
}

fn slice(text: &[u8]) -> Slice {
    // SAFETY: texts are used during the call that they are made for.
    unsafe { Slice::new(text.as_ptr().cast(), text.len()) }
}

/// A place for a result, or none.
fn place<T>(word: u64, out: &mut MaybeUninit<T>) -> Option<&mut MaybeUninit<T>> {
    (word >> 40 & 15 != 0).then_some(out)
}

/// A wait that is over at once, or that no time can be.
fn soon(word: u64) -> i64 {
    [0, 1, 1_000, -1, i64::MIN, 20_000][(word >> 44) as usize % 6]
}
