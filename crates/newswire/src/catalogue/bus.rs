//! The bus's own notices: ordinary events, internal, one for each change of state; and what a runtime's
//! own bus of messages tells of itself.

use super::Merge::Never;
use super::table::{lifecycle, rows};
use super::{Failure, Json, Text};

rows! { BUS: None;
    "bus.subscription.lagged" BusSubscriptionLagged Warn Never, "A subscription is so slow that it misses events.",
    otel Absent("a matter of the bus, not of GenAI"), agui Absent("a matter of the bus, not of the agent"),
    (subscription: Text = Meta => "The subscription's name.";
     subscription_id: u64 = Id => "Its number on this bus.";)
    {dropped_count: Option<u64> = Measure => "How many events it has missed so far.";
     reason: Option<Text> = Meta => "Why: a gap's reason.";}

    "bus.subscription.stalled" BusSubscriptionStalled Warn Never, "A subscription takes nothing any more; nobody waits for it.",
    otel Absent("a matter of the bus, not of GenAI"), agui Absent("a matter of the bus, not of the agent"),
    (subscription: Text = Meta => "The subscription's name.";
     subscription_id: u64 = Id => "Its number on this bus.";)
    {waited_ns: Option<u64> = Measure => "How long it has taken nothing.";
     queued_count: Option<u64> = Measure => "How many events wait for it.";}

    "bus.subscription.recovered" BusSubscriptionRecovered Info Never, "A subscription that lagged or stalled keeps up again.",
    otel Absent("a matter of the bus, not of GenAI"), agui Absent("a matter of the bus, not of the agent"),
    (subscription: Text = Meta => "The subscription's name.";
     subscription_id: u64 = Id => "Its number on this bus.";)
    {dropped_count: Option<u64> = Measure => "How many events it missed in between.";}

    "bus.subscription.suspended" BusSubscriptionSuspended Error Never, "A handler that failed too often is called no more.",
    otel Absent("a matter of the bus, not of GenAI"), agui Absent("a matter of the bus, not of the agent"),
    (subscription: Text = Meta => "The subscription's name.";
     subscription_id: u64 = Id => "Its number on this bus.";)
    {failure_count: Option<u64> = Measure => "How often it failed in a row.";
     reason: Option<Text> = Content => "What the last failure said.";}

    "bus.subscription.resumed" BusSubscriptionResumed Info Never, "A suspended handler is called again.",
    otel Absent("a matter of the bus, not of GenAI"), agui Absent("a matter of the bus, not of the agent"),
    (subscription: Text = Meta => "The subscription's name.";
     subscription_id: u64 = Id => "Its number on this bus.";)
    {}

    "bus.store.degraded" BusStoreDegraded Error Never, "A store can't keep what it is given.",
    otel Absent("a matter of the bus, not of GenAI"), agui Absent("a matter of the bus, not of the agent"),
    (store: Text = Meta => "The store.";)
    {dropped_count: Option<u64> = Measure => "How many events it has lost.";
     reason: Option<Text> = Content => "Why.";}

    "bus.store.recovered" BusStoreRecovered Info Never, "A degraded store keeps what it is given again.",
    otel Absent("a matter of the bus, not of GenAI"), agui Absent("a matter of the bus, not of the agent"),
    (store: Text = Meta => "The store.";)
    {dropped_count: Option<u64> = Measure => "How many events it lost in between.";}
}

rows! { MESSAGES: None;
    "bus.publish.rejected" BusPublishRejected Error Never, "A bus of messages hasn't taken one.",
    otel Absent("a matter of the bus, not of GenAI"), agui Absent("a matter of the bus, not of the agent"),
    (stream: Text = Meta => "The stream of messages.";
     error: Failure = Content => "Why.";)
    {}

    "bus.close.drained" BusCloseDrained Info Never, "A bus of messages that closes has given away what it held.",
    otel Absent("a matter of the bus, not of GenAI"), agui Absent("a matter of the bus, not of the agent"),
    (drained_count: Option<u64> = Measure => "How many messages.";)
    {}
}

lifecycle! {
    BusClose bus_close bus_close_with CLOSE Service "The closing of a bus of messages", otel Absent("a matter of the bus, not of GenAI"),
    identity (name: Option<Text> = Meta => "The bus.";)
    started "bus.close.started" BusCloseStarted agui Absent("a matter of the bus, not of the agent"),
        ()
        {}
    progress "bus.close.progress" BusCloseProgress agui Absent("a matter of the bus, not of the agent"),
    completed "bus.close.completed" BusCloseCompleted agui Absent("a matter of the bus, not of the agent"),
        outcome drained_count: Option<u64> = Measure => "How many messages it still gave away.";
        {}
    failed "bus.close.failed" BusCloseFailed agui Absent("a matter of the bus, not of the agent"),
        {}
    canceled "bus.close.canceled" BusCloseCanceled agui Absent("a matter of the bus, not of the agent"),
}
