//! The transcription call: audio becomes text.

use super::table::lifecycle;
use super::{Failure, Json, Media, Text, Usage};

lifecycle! {
    TranscriptionCall transcription_call transcription_call_with CALL ModelCall "A transcription call", otel Absent("OpenTelemetry has no operation for it"),
    identity (model: Option<Text> = Meta "gen_ai.request.model" => "The model that is asked.";
        provider: Option<Text> = Meta "gen_ai.provider.name" => "Who serves it.";)
    started "transcription.call.started" TranscriptionCallStarted agui Absent("AG-UI shows what models say, not calls"),
        (media: Option<Media> = Content => "What is to be transcribed.";)
        {capability: Option<Text> = Meta => "The provider's word for what it does: `tts`, `stt`, `image`.";
         purpose: Option<Text> = Meta => "What the call is for: `agent`, `judge`, `selfplay`.";
         quantities: Option<Json> = Meta => "What is billed, by name.";
         dimensions: Option<Json> = Meta => "What the price depends on, by name.";
         labels: Option<Json> = Meta => "The caller's own labels.";}
    progress "transcription.call.progress" TranscriptionCallProgress agui Absent("AG-UI shows what models say, not calls"),
    completed "transcription.call.completed" TranscriptionCallCompleted agui Absent("AG-UI shows what models say, not calls"),
        outcome usage: Option<Usage> = Measure "gen_ai.usage" => "What it used.";
        {audio_ns: Option<u64> = Measure => "How long the audio plays.";
         text: Option<Text> = Content => "What was said.";
         language: Option<Text> = Meta => "In which language, as a BCP 47 tag.";
         capability: Option<Text> = Meta => "The provider's word for what it does: `tts`, `stt`, `image`.";
         purpose: Option<Text> = Meta => "What the call is for: `agent`, `judge`, `selfplay`.";
         quantities: Option<Json> = Meta => "What is billed, by name.";
         dimensions: Option<Json> = Meta => "What the price depends on, by name.";
         labels: Option<Json> = Meta => "The caller's own labels.";}
    failed "transcription.call.failed" TranscriptionCallFailed agui Absent("AG-UI shows what models say, not calls"),
        {usage: Option<Usage> = Measure "gen_ai.usage" => "What it used all the same.";
         capability: Option<Text> = Meta => "The provider's word for what it does: `tts`, `stt`, `image`.";
         purpose: Option<Text> = Meta => "What the call is for: `agent`, `judge`, `selfplay`.";
         quantities: Option<Json> = Meta => "What is billed, by name.";
         dimensions: Option<Json> = Meta => "What the price depends on, by name.";
         labels: Option<Json> = Meta => "The caller's own labels.";}
    canceled "transcription.call.canceled" TranscriptionCallCanceled agui Absent("AG-UI shows what models say, not calls"),
}
