//! Whose event it is, where several runs are at work at the same time.

use crate::event::{Event, Phase, SpanId};

/// How many open runs are remembered.
const MAX_OPEN: usize = 64;

/// The longest name that is shown, in characters.
const MAX_NAME: usize = 16;

/// The outermost runs that have started and not ended.
#[derive(Debug, Default)]
pub(super) struct Runs {
    open: Vec<Run>,
    begun: u64,
}

#[derive(Debug)]
struct Run {
    span: SpanId,
    label: String,
}

impl Runs {
    /// Whether `event` begins a run.
    pub(super) fn begins(event: &Event, phase: Option<Phase>) -> bool {
        phase == Some(Phase::Started) && event.kind().as_str() == "run.started"
    }

    /// Remembers a run by its name, or its number where it has none, or another has the same.
    pub(super) fn begin(&mut self, span: SpanId, name: Option<&str>) {
        self.begun += 1;
        let name: String = name.unwrap_or("run").chars().take(MAX_NAME).collect();
        let is_clear = name != "run" && self.open.iter().all(|run| run.label != name);
        let label = if is_clear { name } else { format!("{name} #{}", self.begun) };
        if self.open.len() >= MAX_OPEN {
            self.open.remove(0);
        }
        self.open.push(Run { span, label });
    }

    pub(super) fn end(&mut self, span: SpanId) {
        self.open.retain(|run| run.span != span);
    }

    /// What an event of that run is marked with; nothing while it is the only one.
    pub(super) fn label(&self, run: SpanId) -> Option<&str> {
        let found = self.open.iter().find(|open| open.span == run)?;
        (self.open.len() > 1).then_some(&*found.label)
    }
}
