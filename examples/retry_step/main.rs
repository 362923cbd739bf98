//! A step that is tried again until its answer is valid: each try is an operation of its own within the step.

use std::time::Duration;

use newswire::{Bus, Event, Result};
use serde_json::{Value, json};

/// What the model answers, one try after the other.
const ANSWERS: [&str; 3] = ["I think it is 42", r#"{"answer":-1}"#, r#"{"answer":42}"#];

/// Structure first, meaning second.
fn check(answer: &str) -> std::result::Result<i64, (&'static str, String)> {
    let json: Value =
        serde_json::from_str(answer).map_err(|_| ("structural", "the answer is no JSON".to_owned()))?;
    match json["answer"].as_i64() {
        Some(number) if number >= 0 => Ok(number),
        _ => Err(("semantic", "the answer is negative".to_owned())),
    }
}

fn main() -> Result<()> {
    let bus = Bus::new();
    let filter = "step.* or validation.completed or model.call.retried";
    let _log = bus.on(filter, |event: &Event| {
        let payload: Value = serde_json::from_str(event.payload_json().unwrap_or("{}")).unwrap_or_default();
        let said =
            [&payload["error"]["message"], &payload["explanation"]].into_iter().find_map(Value::as_str);
        let attempt = payload["attempt"].as_u64().map(|attempt| format!(", attempt {attempt}"));
        // A negative verdict is no error: the check has completed, and its verdict is a field.
        let verdict =
            payload["passed"].as_bool().map(|passed| if passed { ", passed" } else { ", rejected" });
        let (attempt, verdict) = (attempt.unwrap_or_default(), verdict.unwrap_or_default());
        println!(
            "{}{attempt}{verdict}{}",
            event.kind(),
            said.map(|said| format!(": {said}")).unwrap_or_default()
        );
    })?;

    let step = bus.emitter().step("extract", json!("What is the answer?"));
    let mut outcome = Err("no try was made".to_owned());
    let mut attempts = 0;
    for answer in ANSWERS {
        attempts += 1;
        let within = step.emitter();
        within.model_call("scripted-1", "scripted").complete(None)?;
        let checking = within.validation("answer");
        match check(answer) {
            Ok(number) => {
                checking.complete(true)?;
                outcome = Ok(number);
                break;
            }
            Err((sort, why)) => {
                checking.complete_with(false, |check| {
                    check.validation_type = Some(sort.into());
                    check.explanation = Some(why.as_str().into());
                    check.attempt = Some(attempts);
                })?;
                if attempts == ANSWERS.len() as u64 {
                    outcome = Err(why);
                    break;
                }
                within.model_call_retried("scripted-1", "scripted", attempts + 1, why, None)?;
            }
        }
    }
    match outcome {
        Ok(number) => step.complete_with(json!(number), |step| step.attempt = Some(attempts))?,
        Err(why) => step.fail(why)?,
    };
    bus.close(Duration::from_secs(10));
    Ok(())
}
