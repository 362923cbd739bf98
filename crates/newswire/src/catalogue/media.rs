//! Media: pieces of audio, video and images, by reference, and what is done to the stored ones.

use super::Merge::Never;
use super::table::{lifecycle, rows};
use super::{Failure, Json, Media, Text};

rows! { MEDIA: None;
    "media.audio.received" MediaAudioReceived Debug Never, "A piece of audio has come in.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI carries media inside messages"),
    (media: Media = Content => "The bytes, by reference.";)
    {actor: Option<Text> = Meta => "Who speaks.";
     index: Option<u64> = Meta => "Which chunk it is, from 0.";
     last: Option<bool> = Meta => "Whether it is the last chunk.";
     sample_rate_hz: Option<u64> = Meta => "How many samples a second.";
     channel_count: Option<u64> = Measure => "How many channels.";
     bits_per_sample: Option<u64> = Meta => "How fine a sample is.";
     encoding: Option<Text> = Meta => "How it is encoded: `pcm`, `opus`.";
     duration_ns: Option<u64> = Measure => "How long it plays.";
     generated_from: Option<Text> = Meta => "What it was made of.";}

    "media.audio.produced" MediaAudioProduced Debug Never, "A piece of audio has been made for the user.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI carries media inside messages"),
    (media: Media = Content => "The bytes, by reference.";)
    {actor: Option<Text> = Meta => "Who speaks.";
     index: Option<u64> = Meta => "Which chunk it is, from 0.";
     last: Option<bool> = Meta => "Whether it is the last chunk.";
     sample_rate_hz: Option<u64> = Meta => "How many samples a second.";
     channel_count: Option<u64> = Measure => "How many channels.";
     bits_per_sample: Option<u64> = Meta => "How fine a sample is.";
     encoding: Option<Text> = Meta => "How it is encoded: `pcm`, `opus`.";
     duration_ns: Option<u64> = Measure => "How long it plays.";
     generated_from: Option<Text> = Meta => "What it was made of.";}

    "media.audio.transcribed" MediaAudioTranscribed Info Never, "Speech has become text.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI carries media inside messages"),
    (text: Text = Content => "What was said.";)
    {language: Option<Text> = Meta => "In which language, as a BCP 47 tag.";
     confidence: Option<f64> = Meta => "How sure that is, 0 to 1.";
     last: Option<bool> = Meta => "Whether it stays so; earlier texts may still change.";
     provider: Option<Text> = Meta "gen_ai.provider.name" => "Who transcribed it.";
     audio_event_id: Option<Text> = Id => "The event that brought the audio.";}

    "media.image.received" MediaImageReceived Info Never, "An image has come in.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI carries media inside messages"),
    (media: Media = Content => "The bytes, by reference.";)
    {actor: Option<Text> = Meta => "Who gave or made it.";
     width_px: Option<u64> = Meta => "How wide it is.";
     height_px: Option<u64> = Meta => "How high it is.";
     description: Option<Text> = Content => "What it shows.";
     prompt: Option<Text> = Content => "What a model was asked for.";
     generated_from: Option<Text> = Meta => "What it was made of.";
     metadata: Option<Json> = Meta => "Whatever else describes it.";}

    "media.image.produced" MediaImageProduced Info Never, "An image has been made for the user.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI carries media inside messages"),
    (media: Media = Content => "The bytes, by reference.";)
    {actor: Option<Text> = Meta => "Who gave or made it.";
     width_px: Option<u64> = Meta => "How wide it is.";
     height_px: Option<u64> = Meta => "How high it is.";
     description: Option<Text> = Content => "What it shows.";
     prompt: Option<Text> = Content => "What a model was asked for.";
     generated_from: Option<Text> = Meta => "What it was made of.";
     metadata: Option<Json> = Meta => "Whatever else describes it.";}

    "media.video.captured" MediaVideoCaptured Debug Never, "A frame of a video has been taken.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI carries media inside messages"),
    (media: Media = Content => "The bytes, by reference.";)
    {index: Option<u64> = Meta => "Which frame it is, from 0.";
     offset_ns: Option<u64> = Measure => "How far into the video it is.";
     keyframe: Option<bool> = Meta => "Whether it stands without the others.";
     width_px: Option<u64> = Meta => "How wide it is.";
     height_px: Option<u64> = Meta => "How high it is.";
     encoding: Option<Text> = Meta => "How it is encoded: `h264`, `vp8`.";
     frame_rate: Option<f64> = Meta => "How many frames a second.";
     duration_ns: Option<u64> = Measure => "How long the video plays.";}

    "media.screen.captured" MediaScreenCaptured Info Never, "A picture of a screen has been taken.",
    otel Absent("OpenTelemetry has no operation for it"), agui Absent("AG-UI carries media inside messages"),
    (media: Media = Content => "The bytes, by reference.";)
    {window_title: Option<Text> = Content => "The window's title.";
     window_bounds: Option<Json> = Meta => "Where the window is: x, y, width and height in pixels.";
     reason: Option<Text> = Meta => "Why it was taken.";
     width_px: Option<u64> = Meta => "How wide it is.";
     height_px: Option<u64> = Meta => "How high it is.";
     metadata: Option<Json> = Meta => "Whatever else describes it.";}
}

lifecycle! {
    MediaStorage media_storage media_storage_with STORAGE Media "An operation on stored media", otel Absent("OpenTelemetry has no operation for it"),
    identity (operation: Text = Meta => "What is done: `store`, `retrieve`, `delete`, `get_url`.";)
    started "media.storage.started" MediaStorageStarted agui Absent("AG-UI carries media inside messages"),
        (media: Option<Media> = Content => "What it is done to.";)
        {backend: Option<Text> = Meta => "Where it is stored.";}
    progress "media.storage.progress" MediaStorageProgress agui Absent("AG-UI carries media inside messages"),
    completed "media.storage.completed" MediaStorageCompleted agui Absent("AG-UI carries media inside messages"),
        outcome media: Option<Media> = Content => "What it was done to.";
        {backend: Option<Text> = Meta => "Where it is stored.";
         reason: Option<Text> = Meta => "Why, of deletions: `explicit`, or `policy:` and its name.";
         message_index: Option<u64> = Meta => "The message that it belongs to, from 0.";
         part_index: Option<u64> = Meta => "The piece of that message, from 0.";}
    failed "media.storage.failed" MediaStorageFailed agui Absent("AG-UI carries media inside messages"),
        {media: Option<Media> = Content => "What it was to be done to.";
         backend: Option<Text> = Meta => "Where it is stored.";
         reason: Option<Text> = Meta => "Why, of deletions: `explicit`, or `policy:` and its name.";
         message_index: Option<u64> = Meta => "The message that it belongs to, from 0.";
         part_index: Option<u64> = Meta => "The piece of that message, from 0.";}
    canceled "media.storage.canceled" MediaStorageCanceled agui Absent("AG-UI carries media inside messages"),
}
