//! P1: an emitter call with five arguments that nobody wants, beside a disabled `tracing` call site.

use std::hint::black_box;

use newswire::Bus;
use newswire::catalogue::tool::ToolCallCompleted;
use newswire::catalogue::{Catalogued, Json};

use crate::contest::Contest;
use crate::machine::thread_cpu;
use crate::peers::tracing_off;
use crate::report::{Limit, Line};
use crate::sample::{CALL, Call};
use crate::scale::Scale;

/// CPU of one call, in ns.
fn time(calls: u32, mut call: impl FnMut()) -> [f64; 1] {
    let before = thread_cpu();
    for _ in 0..calls {
        call();
    }
    [(thread_cpu() - before).as_nanos() as f64 / f64::from(calls)]
}

pub(crate) fn measure(scale: Scale) -> Vec<Line> {
    tracing_off::install();
    let calls = scale.pick(100_000, 20_000_000);
    let emitter = Bus::new().emitter();
    let by_method = |Call { name, call_id, duration_ns, status, .. }: Call| {
        emitter.model_call_retried(name, call_id, duration_ns, status, duration_ns).is_ok()
    };
    let by_payload = |Call { name, call_id, result, duration_ns, status }: Call| {
        let payload = || ToolCallCompleted {
            status: Some(status.into()),
            ..ToolCallCompleted::new(name, call_id, Json::of(result).ok(), duration_ns)
        };
        emitter.emit_with(&ToolCallCompleted::KIND, payload).is_ok()
    };
    let outcome = Contest::new("P1: nobody listens", ["ns"])
        .enter("the arguments alone", || time(calls, || _ = black_box(CALL)))
        .enter("tracing, disabled", || time(calls, || tracing_off::emit(black_box(CALL))))
        .enter("newswire", || time(calls, || _ = by_method(black_box(CALL))))
        .enter("newswire, emit_with", || time(calls, || _ = by_payload(black_box(CALL))))
        .hold(scale.rounds());
    let line =
        Line::new("P1", outcome.ratio("newswire", "tracing, disabled", 0), Limit::AtMost(1.2), "ratio")
            .beside("tracing, disabled call site")
            .with("ns", outcome.medians());
    vec![line]
}
