//! Runs as a table for people.

use newswire::view::{RunRow, RunState};
use newswire::{Result, figures};

use crate::output::{Io, Table, cost, grouped, tokens, unless_none};

/// The table, row by row.
pub(super) struct List {
    table: Table,
    rows: usize,
}

impl List {
    pub(super) fn new() -> Self {
        let columns = [
            "run", "bus", "started", "lasted", "state", "agents", "models", "tools", "failed", "open", "in",
            "out", "cost", "errors", "events",
        ];
        Self { table: Table::new(&columns), rows: 0 }
    }

    pub(super) fn row(&mut self, row: &RunRow, bus: &str) {
        self.rows += 1;
        let usage = &row.usage;
        let more = if row.more_agents { "+" } else { "" };
        let agents = row.agents.len();
        let time = |told: Option<i64>, text: String| told.map(|_| text).unwrap_or_default();
        self.table.row(
            &row.run,
            [
                newswire::Visible(bus).cut(20),
                row.started_ns.map(figures::date_and_time).unwrap_or_default(),
                time(row.started_ns, figures::duration(row.lasted_ns)),
                word(row.state).to_owned(),
                if agents == 0 { String::new() } else { format!("{agents}{more}") },
                unless_none(row.model_calls),
                unless_none(row.tool_calls),
                unless_none(row.failed_calls),
                unless_none(row.open_calls),
                tokens(usage.input_tokens),
                tokens(usage.output_tokens),
                cost(usage.cost_usd),
                unless_none(row.errors),
                grouped(row.events),
            ],
        );
    }

    pub(super) fn print(mut self, several: bool, io: &mut Io) -> Result<()> {
        if self.rows == 0 {
            return io.print("no runs are in it\n");
        }
        if !several {
            self.table.hide("bus");
        }
        let text = self.table.text(io.color, io.whole_width);
        io.print(&text)
    }
}

fn word(state: RunState) -> &'static str {
    match state {
        RunState::Completed => "completed",
        RunState::Failed => "failed",
        RunState::Canceled => "canceled",
        _ => "open",
    }
}
