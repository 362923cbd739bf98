//! The channel: where messages of people come in and go out.

use super::Merge::Never;
use super::table::{lifecycle, rows};
use super::{Failure, Json, Text};

rows! { CHANNEL: None;
    "channel.webhook.registered" ChannelWebhookRegistered Info Never, "A channel is called by its platform from now on.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has no channels"),
    (variant: Option<Text> = Meta => "Which sort of channel: `telegram`.";)
    {}

    "channel.webhook.unregistered" ChannelWebhookUnregistered Info Never, "A channel is called by its platform no longer.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has no channels"),
    (variant: Option<Text> = Meta => "Which sort of channel: `telegram`.";)
    {}

    "channel.outbound.queued" ChannelOutboundQueued Info Never, "A message waits to be sent.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has no channels"),
    (has_media: Option<bool> = Meta => "Whether it carries media.";)
    {character_count: Option<u64> = Measure => "How many characters it has.";
     reply_to_message_id: Option<Text> = Id => "The message that it answers.";}

    "channel.outbound.limited" ChannelOutboundLimited Warn Never, "A message waits because the platform takes no more for now.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI has no channels"),
    (has_media: Option<bool> = Meta => "Whether it carries media.";)
    {character_count: Option<u64> = Measure => "How many characters it has.";
     reply_to_message_id: Option<Text> = Id => "The message that it answers.";
     error: Option<Failure> = Content => "What the platform said.";}
}

lifecycle! {
    ChannelOutbound channel_outbound channel_outbound_with OUTBOUND Channel "The sending of a message", otel Absent("OpenTelemetry has no operation for it"),
    identity (has_media: Option<bool> = Meta => "Whether it carries media.";
        reply_to_message_id: Option<Text> = Id => "The message that it answers.";)
    started "channel.outbound.started" ChannelOutboundStarted agui Absent("AG-UI has no channels"),
        (content: Option<Text> = Content => "What it says.";)
        {character_count: Option<u64> = Measure => "How many characters it has.";}
    progress "channel.outbound.progress" ChannelOutboundProgress agui Absent("AG-UI has no channels"),
    completed "channel.outbound.completed" ChannelOutboundCompleted agui Absent("AG-UI has no channels"),
        outcome message_ids: Option<Json> = Id => "The ids that the platform gave, a list.";
        {character_count: Option<u64> = Measure => "How many characters it has.";}
    failed "channel.outbound.failed" ChannelOutboundFailed agui Absent("AG-UI has no channels"),
        {character_count: Option<u64> = Measure => "How many characters it has.";
         message_ids: Option<Json> = Id => "The ids that the platform gave, a list.";
         retry_count: Option<u64> = Measure => "How often it was tried again.";}
    canceled "channel.outbound.canceled" ChannelOutboundCanceled agui Absent("AG-UI has no channels"),
}
