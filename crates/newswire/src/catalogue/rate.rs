//! The rate: how much may be done in a time.

use super::Merge::Never;
use super::Text;
use super::table::rows;

rows! { RATE: None;
    "rate.limited" RateLimited Warn Never, "More was wanted than may be done in that time.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has no limits"),
    (target: Option<Text> = Meta => "What is limited: a provider, a model, a tool.";)
    {used_count: Option<u64> = Measure => "How much was done.";
     limit_count: Option<u64> = Measure => "How much may be done.";
     retry_after_ns: Option<u64> = Measure => "How long to wait.";}
}
