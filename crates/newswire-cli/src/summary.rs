//! What a session came to, computed by a subscription from its events.

use std::collections::HashSet;
use std::fmt;

use newswire::{Delivery, Event, SpanId};
use serde::Deserialize;

/// How many tool calls may be open at a time before later ones count as answered.
const MAX_OPEN_CALLS: usize = 65_536;

/// The figures of a session.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    events: u64,
    turns: u64,
    model_calls: u64,
    model_failed: u64,
    model_canceled: u64,
    tool_calls: u64,
    tool_failed: u64,
    tool_canceled: u64,
    open_calls: HashSet<SpanId>,
    compactions: u64,
    usage: Usage,
    dropped: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Usage {
    input_tokens: u64,
    output_tokens: u64,
    cache_read_tokens: u64,
    cache_write_tokens: u64,
    cost_usd: f64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Ended {
    usage: Usage,
}

impl Summary {
    /// Sums up all deliveries, to the end of the subscription.
    pub(crate) fn of(deliveries: impl Iterator<Item = Delivery>) -> Self {
        let mut summary = Self::default();
        for delivery in deliveries {
            match delivery {
                Delivery::Event(event) => summary.add(&event),
                Delivery::Gap(gap) => summary.dropped += gap.count,
            }
        }
        summary
    }

    /// How many events it has missed.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn add(&mut self, event: &Event) {
        self.events += 1;
        let span = event.correlation().span;
        match event.kind().as_str() {
            "turn.started" => self.turns += 1,
            "model.call.started" => self.model_calls += 1,
            "model.call.completed" => self.add_usage(event),
            "model.call.failed" => {
                self.model_failed += 1;
                self.add_usage(event);
            }
            "model.call.canceled" => {
                self.model_canceled += 1;
                self.add_usage(event);
            }
            "tool.call.started" => {
                self.tool_calls += 1;
                if self.open_calls.len() < MAX_OPEN_CALLS {
                    self.open_calls.extend(span);
                }
            }
            "tool.call.completed" | "tool.call.failed" | "tool.call.canceled" => {
                self.tool_failed += u64::from(event.kind().as_str() == "tool.call.failed");
                self.tool_canceled += u64::from(event.kind().as_str() == "tool.call.canceled");
                if let Some(span) = span {
                    self.open_calls.remove(&span);
                }
            }
            "context.compacted" => self.compactions += 1,
            _ => {}
        }
    }

    fn add_usage(&mut self, event: &Event) {
        let ended = event.payload_json().and_then(|json| serde_json::from_str::<Ended>(json).ok());
        let Some(Ended { usage }) = ended else { return };
        let total = &mut self.usage;
        total.input_tokens = total.input_tokens.saturating_add(usage.input_tokens);
        total.output_tokens = total.output_tokens.saturating_add(usage.output_tokens);
        total.cache_read_tokens = total.cache_read_tokens.saturating_add(usage.cache_read_tokens);
        total.cache_write_tokens = total.cache_write_tokens.saturating_add(usage.cache_write_tokens);
        total.cost_usd += usage.cost_usd;
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = self.open_calls.len() as u64;
        let usage = &self.usage;
        let [read, write] = [usage.cache_read_tokens, usage.cache_write_tokens].map(grouped);
        writeln!(f, "turns         {}", grouped(self.turns))?;
        writeln!(
            f,
            "model calls   {} ({} failed, {} canceled)",
            grouped(self.model_calls),
            grouped(self.model_failed),
            grouped(self.model_canceled)
        )?;
        write!(f, "tool calls    {} ({} failed", grouped(self.tool_calls), grouped(self.tool_failed))?;
        if self.tool_canceled > 0 {
            write!(f, ", {} canceled", grouped(self.tool_canceled))?;
        }
        writeln!(f, ", {} never answered)", grouped(open))?;
        writeln!(f, "compactions   {}", grouped(self.compactions))?;
        writeln!(
            f,
            "input tokens  {} ({read} read from cache, {write} written to it)",
            grouped(usage.input_tokens)
        )?;
        writeln!(f, "output tokens {}", grouped(usage.output_tokens))?;
        writeln!(f, "cost          USD {:.4}", usage.cost_usd)?;
        writeln!(f, "events        {} ({} dropped)", grouped(self.events), grouped(self.dropped))
    }
}

/// `12,345,678`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
