//! How a call ends: as it told, as its source tells, or not at all.

use std::collections::BTreeMap;

use newswire::catalogue::model::{ModelCallCanceled, ModelCallCompleted, ModelCallFailed, ModelCallProgress};
use newswire::catalogue::{Json, Text};
use newswire::{ComponentScope, Result};

use super::{Answers, End, Made, given};
use crate::import::frame::{Place, label};

impl Answers {
    /// Ends the open call, after all its parts.
    pub(crate) fn end(&mut self, end: End, made: &mut Made<'_>) -> Result<()> {
        self.close_all(matches!(end, End::Canceled(_)), made)?;
        let Some(call) = self.call.take() else { return Ok(()) };
        let at = call.ended.unwrap_or(self.clock);
        // A clock that stands still, or began at no known time, tells nothing of how long it took.
        let told = call.began != 0 && (call.ended.is_some() || at != call.began);
        let took = at.checked_sub(call.began).filter(|_| told).and_then(|took| u64::try_from(took).ok());
        let place = Place { span: call.span, parent: self.parent };
        let asked = call.model.as_deref().or(call.answers.as_deref());
        let (model, provider) = (given(asked), given(call.provider.as_deref()));
        let name = model.clone().unwrap_or_default();
        let builder = match end {
            End::Completed => {
                let mut payload = ModelCallCompleted::new(model, provider, call.usage, took);
                let raw = call.finish.as_deref();
                let reason = raw.map(|raw| match finish_reason(raw) {
                    // Some say only that they are done.
                    "stop" if call.handed_over > 0 => "tool_calls",
                    reason => reason,
                });
                payload.finish_reason = reason.map(Into::into);
                payload.raw_finish_reason = raw.filter(|_| raw != reason).map(Into::into);
                payload.response_id = call.response.as_deref().map(Into::into);
                payload.response_model = given(call.answers.as_deref());
                payload.tool_call_count = (call.requests > 0).then_some(call.requests);
                payload.has_reasoning = call.reasoned.then_some(true);
                self.frame.event_of(payload, at, place)
            }
            End::Failed(failure) => {
                let mut payload = ModelCallFailed::new(model, provider, failure, took);
                payload.usage = call.usage;
                self.frame.event_of(payload, at, place)
            }
            End::Canceled(reason) => {
                let mut payload = ModelCallCanceled::new(model, provider, Text::from(reason), took);
                payload.usage = call.usage;
                self.frame.event_of(payload, at, place)
            }
        };
        made.push(label(builder, ComponentScope::ModelCall, &name)?);
        self.clock = self.clock.max(at);
        Ok(())
    }

    /// Ends the open call where it told why it stopped; else it is over because the next came first.
    pub(crate) fn end_for_next(&mut self, made: &mut Made<'_>) -> Result<()> {
        let told = self.call.as_ref().is_some_and(|call| call.finish.is_some());
        let end = if told { End::Completed } else { End::Canceled("the next answer came first") };
        self.end(end, made)
    }

    /// Ends the open call at the end of the source, where it told why it stopped; of one that didn't, what it used until
    /// then is told.
    pub(crate) fn end_of_source(&mut self, made: &mut Made<'_>) -> Result<()> {
        let Some(call) = &self.call else { return Ok(()) };
        if call.finish.is_some() {
            return self.end(End::Completed, made);
        }
        let Some(usage) = &call.usage else { return Ok(()) };
        let asked = call.model.as_deref().or(call.answers.as_deref());
        let mut payload = ModelCallProgress::new(given(asked), given(call.provider.as_deref()), None);
        payload.data = Some(Json::of(&BTreeMap::from([("usage", usage)]))?);
        let name = asked.unwrap_or_default().to_owned();
        let place = Place { span: call.span, parent: self.parent };
        let builder = self.frame.event_of(payload, self.clock, place);
        made.push(label(builder, ComponentScope::ModelCall, &name)?);
        Ok(())
    }
}

/// The provider's word in the words of the standards; one that they don't have stays as it is.
fn finish_reason(raw: &str) -> &str {
    match raw {
        "end_turn" | "stop_sequence" | "STOP" | "COMPLETE" | "completed" | "stop" => "stop",
        "max_tokens" | "MAX_TOKENS" | "max_output_tokens" | "model_length" => "length",
        "tool_use" | "tool_calls" | "TOOL_CALL" | "function_call" | "requires_action" => "tool_calls",
        "refusal" | "SAFETY" | "content_filtered" | "guardrail_intervened" => "content_filter",
        other => other,
    }
}
