//! The machine: CPU clocks, processors, load.
//!
//! Wall time on a shared machine tells more about the neighbours than about the code, so publishers are
//! charged by their thread's CPU time. Reading it is a system call of some 200 ns: it goes around bursts.

use std::time::Duration;

/// CPU time of the calling thread since it began.
pub(crate) fn thread_cpu() -> Duration {
    read(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// CPU time of all threads of this process since it began.
pub(crate) fn process_cpu() -> Duration {
    read(libc::CLOCK_PROCESS_CPUTIME_ID)
}

fn read(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid timespec that outlives the call, which writes nothing else.
    #[expect(unsafe_code, reason = "the standard library doesn't offer CPU clocks")]
    let status = unsafe { libc::clock_gettime(clock, &raw mut time) };
    assert_eq!(status, 0, "this system has no CPU clocks");
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).expect("below a second"))
}

/// Keeps the calling thread on one processor, where the system lets it: whether a wake crosses processors
/// decides what it costs, and must not be left to chance.
pub(crate) fn stay_on(processor: usize) {
    // SAFETY: an all-zero cpu_set_t is the empty set, and both calls get valid pointers to it; the index
    // is below the set's size.
    #[expect(unsafe_code, reason = "the standard library doesn't offer processor affinity")]
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(processor % 64, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set);
    }
}

/// Lets the allocator keep what is freed: bursts would otherwise return memory to the system and fault it in
/// again, which programs that have run for a while don't, and which costs more than what is measured.
pub(crate) fn keep_memory() {
    const KEPT: libc::c_int = 256 << 20;
    #[cfg(target_env = "gnu")]
    // SAFETY: mallopt takes two integers and may be called at any time; no other thread runs yet.
    #[expect(unsafe_code, reason = "the standard library doesn't offer allocator settings")]
    unsafe {
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
        libc::mallopt(libc::M_TOP_PAD, KEPT);
    }
}

/// A warning, where other programs keep this machine's processors busy: then publishers and consumers take
/// turns instead of running side by side, contention vanishes, and peers look better than they are.
pub(crate) fn busy() -> Option<String> {
    let averages = std::fs::read_to_string("/proc/loadavg").ok()?;
    let load: f64 = averages.split(' ').next()?.parse().ok()?;
    let warn =
        || format!("the machine is busy (load {load}): figures of P2, P3 and P8 mislead, measure again");
    (load > 0.7).then(warn)
}
