//! The image call: a prompt becomes images.

use super::table::lifecycle;
use super::{Failure, Json, Text, Usage};

lifecycle! {
    ImageCall image_call image_call_with CALL ModelCall "An image call", otel As("generate_content"),
    identity (model: Option<Text> = Meta "gen_ai.request.model" => "The model that is asked.";
        provider: Option<Text> = Meta "gen_ai.provider.name" => "Who serves it.";)
    started "image.call.started" ImageCallStarted agui Absent("AG-UI shows what models say, not calls"),
        (prompt: Option<Text> = Content => "What is asked for.";)
        {capability: Option<Text> = Meta => "The provider's word for what it does: `tts`, `stt`, `image`.";
         purpose: Option<Text> = Meta => "What the call is for: `agent`, `judge`, `selfplay`.";
         quantities: Option<Json> = Meta => "What is billed, by name.";
         dimensions: Option<Json> = Meta => "What the price depends on, by name.";
         labels: Option<Json> = Meta => "The caller's own labels.";}
    progress "image.call.progress" ImageCallProgress agui Absent("AG-UI shows what models say, not calls"),
    completed "image.call.completed" ImageCallCompleted agui Absent("AG-UI shows what models say, not calls"),
        outcome usage: Option<Usage> = Measure "gen_ai.usage" => "What it used.";
        {image_count: Option<u64> = Measure => "How many images it made.";
         images: Option<Json> = Content => "The images, by reference, a list.";
         capability: Option<Text> = Meta => "The provider's word for what it does: `tts`, `stt`, `image`.";
         purpose: Option<Text> = Meta => "What the call is for: `agent`, `judge`, `selfplay`.";
         quantities: Option<Json> = Meta => "What is billed, by name.";
         dimensions: Option<Json> = Meta => "What the price depends on, by name.";
         labels: Option<Json> = Meta => "The caller's own labels.";}
    failed "image.call.failed" ImageCallFailed agui Absent("AG-UI shows what models say, not calls"),
        {usage: Option<Usage> = Measure "gen_ai.usage" => "What it used all the same.";
         capability: Option<Text> = Meta => "The provider's word for what it does: `tts`, `stt`, `image`.";
         purpose: Option<Text> = Meta => "What the call is for: `agent`, `judge`, `selfplay`.";
         quantities: Option<Json> = Meta => "What is billed, by name.";
         dimensions: Option<Json> = Meta => "What the price depends on, by name.";
         labels: Option<Json> = Meta => "The caller's own labels.";}
    canceled "image.call.canceled" ImageCallCanceled agui Absent("AG-UI shows what models say, not calls"),
}
