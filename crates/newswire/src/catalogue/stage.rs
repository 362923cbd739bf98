//! The stage: one element of a pipeline that streams.

use super::table::lifecycle;
use super::{Failure, Json, Text};

lifecycle! {
    Stage stage stage_with STAGE WorkflowStep "A stage of a pipeline", otel Absent("OpenTelemetry has no operation for it"),
    identity (name: Text = Meta => "The stage.";
        index: Option<u64> = Meta => "Its place in the pipeline, from 0.";)
    started "stage.started" StageStarted agui Absent("AG-UI tells of whole steps only"),
        ()
        {stage_type: Option<Text> = Meta => "What sort of stage: `transform`, `accumulate`, `generate`, `sink`, `bidirectional`.";}
    progress "stage.progress" StageProgress agui Absent("AG-UI tells of whole steps only"),
    completed "stage.completed" StageCompleted agui Absent("AG-UI tells of whole steps only"),
        outcome output: Option<Json> = Content => "What it resulted in.";
        {stage_type: Option<Text> = Meta => "What sort of stage it was.";}
    failed "stage.failed" StageFailed agui Absent("AG-UI tells of whole steps only"),
        {stage_type: Option<Text> = Meta => "What sort of stage it was.";}
    canceled "stage.canceled" StageCanceled agui Absent("AG-UI tells of whole steps only"),
}
