//! The speech call: text becomes audio.

use super::table::lifecycle;
use super::{Failure, Json, Media, Text, Usage};

lifecycle! {
    SpeechCall speech_call speech_call_with CALL ModelCall "A speech call", otel Absent("OpenTelemetry has no operation for it"),
    identity (model: Option<Text> = Meta "gen_ai.request.model" => "The model that is asked.";
        provider: Option<Text> = Meta "gen_ai.provider.name" => "Who serves it.";)
    started "speech.call.started" SpeechCallStarted agui Absent("AG-UI shows what models say, not calls"),
        (text: Option<Text> = Content => "What is to be spoken.";)
        {capability: Option<Text> = Meta => "The provider's word for what it does: `tts`, `stt`, `image`.";
         purpose: Option<Text> = Meta => "What the call is for: `agent`, `judge`, `selfplay`.";
         quantities: Option<Json> = Meta => "What is billed, by name.";
         dimensions: Option<Json> = Meta => "What the price depends on, by name.";
         labels: Option<Json> = Meta => "The caller's own labels.";}
    progress "speech.call.progress" SpeechCallProgress agui Absent("AG-UI shows what models say, not calls"),
    completed "speech.call.completed" SpeechCallCompleted agui Absent("AG-UI shows what models say, not calls"),
        outcome usage: Option<Usage> = Measure "gen_ai.usage" => "What it used.";
        {character_count: Option<u64> = Measure => "How many characters it spoke.";
         audio_ns: Option<u64> = Measure => "How long the audio plays.";
         media: Option<Media> = Content => "The audio.";
         capability: Option<Text> = Meta => "The provider's word for what it does: `tts`, `stt`, `image`.";
         purpose: Option<Text> = Meta => "What the call is for: `agent`, `judge`, `selfplay`.";
         quantities: Option<Json> = Meta => "What is billed, by name.";
         dimensions: Option<Json> = Meta => "What the price depends on, by name.";
         labels: Option<Json> = Meta => "The caller's own labels.";}
    failed "speech.call.failed" SpeechCallFailed agui Absent("AG-UI shows what models say, not calls"),
        {usage: Option<Usage> = Measure "gen_ai.usage" => "What it used all the same.";
         capability: Option<Text> = Meta => "The provider's word for what it does: `tts`, `stt`, `image`.";
         purpose: Option<Text> = Meta => "What the call is for: `agent`, `judge`, `selfplay`.";
         quantities: Option<Json> = Meta => "What is billed, by name.";
         dimensions: Option<Json> = Meta => "What the price depends on, by name.";
         labels: Option<Json> = Meta => "The caller's own labels.";}
    canceled "speech.call.canceled" SpeechCallCanceled agui Absent("AG-UI shows what models say, not calls"),
}
