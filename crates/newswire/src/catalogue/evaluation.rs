//! Evaluation: a judgement of quality.

use super::table::lifecycle;
use super::{Failure, Json, Text};

lifecycle! {
    Evaluation evaluation evaluation_with EVALUATION Evaluation "An evaluation", otel As("gen_ai.evaluation.result"),
    identity (name: Text = Meta "gen_ai.evaluation.name" => "The evaluation.";)
    started "evaluation.started" EvaluationStarted => evaluation_started agui Absent("AG-UI has no evaluations"),
        ()
        {evaluation_type: Option<Text> = Meta => "How it judges: `llm_judge`, `content_check`.";
         trigger: Option<Text> = Meta => "What set it off: `every_turn`, `on_session_complete`.";}
    progress "evaluation.progress" EvaluationProgress => evaluation_progress agui Absent("AG-UI has no evaluations"),
    completed "evaluation.completed" EvaluationCompleted => evaluation_completed agui Absent("AG-UI has no evaluations"),
        outcome passed: Option<bool> = Meta "gen_ai.evaluation.score.label" => "The verdict; absent where there is only a score.";
        {score: Option<f64> = Meta "gen_ai.evaluation.score.value" => "How good it is, on the evaluation's own scale.";
         explanation: Option<Text> = Content "gen_ai.evaluation.explanation" => "Why.";
         evaluation_type: Option<Text> = Meta => "How it judged.";
         trigger: Option<Text> = Meta => "What set it off.";
         violations: Option<Json> = Content => "What breaks the rules, a list.";
         details: Option<Json> = Content => "Whatever else it tells.";}
    failed "evaluation.failed" EvaluationFailed => evaluation_failed agui Absent("AG-UI has no evaluations"),
        {evaluation_type: Option<Text> = Meta => "How it judges.";
         trigger: Option<Text> = Meta => "What set it off.";
         score: Option<f64> = Meta "gen_ai.evaluation.score.value" => "What it had come to by then.";
         explanation: Option<Text> = Content "gen_ai.evaluation.explanation" => "Why.";
         violations: Option<Json> = Content => "What breaks the rules, a list.";
         details: Option<Json> = Content => "Whatever else it tells.";}
    canceled "evaluation.canceled" EvaluationCanceled => evaluation_canceled agui Absent("AG-UI has no evaluations"),
        {evaluation_type: Option<Text> = Meta => "How it would have judged.";
         trigger: Option<Text> = Meta => "What set it off.";
         explanation: Option<Text> = Content "gen_ai.evaluation.explanation" => "Why, at greater length.";
         details: Option<Json> = Content => "Whatever else it tells.";}
}
