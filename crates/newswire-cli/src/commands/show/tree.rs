//! A tree as lines: what stands under what, how long it took, what it used, how it ended.

use newswire::view::TraceNode;
use newswire::{Status, Visible, figures};

/// Deeper is drawn as this deep.
const MAX_DEPTH: usize = 24;

/// The nodes of a run, each followed by its parts, with what they came to together.
pub(crate) struct Tree<'n> {
    nodes: Vec<(&'n TraceNode, Sum)>,
}

/// What an operation and its parts used.
#[derive(Clone, Copy, Default)]
struct Sum {
    input: u64,
    output: u64,
    usd: f64,
}

impl Sum {
    fn of(node: &TraceNode) -> Self {
        let Some(usage) = &node.usage else { return Self::default() };
        Self {
            input: usage.input_tokens.unwrap_or(0),
            output: usage.output_tokens.unwrap_or(0),
            usd: usage.cost_usd.unwrap_or(0.0),
        }
    }

    fn add(&mut self, other: Self) {
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.usd = figures::sum(self.usd, other.usd);
    }

    fn is_nothing(&self) -> bool {
        self.input == 0 && self.output == 0 && self.usd == 0.0
    }
}

impl<'n> Tree<'n> {
    pub(crate) fn of(nodes: &[&'n TraceNode]) -> Self {
        // Parts stand behind what they are parts of: from the end, what is deeper has been summed up already.
        let mut parts: Vec<Sum> = Vec::new();
        let mut summed: Vec<_> = nodes
            .iter()
            .rev()
            .filter(|node| is_shown(node))
            .map(|node| {
                parts.resize_with(parts.len().max(node.depth + 2), Sum::default);
                let mut sum = std::mem::take(&mut parts[node.depth + 1]);
                // What is told of the whole includes the parts: it stands where they tell nothing.
                if sum.is_nothing() {
                    sum = Sum::of(node);
                }
                parts[node.depth].add(sum);
                (*node, sum)
            })
            .collect();
        summed.reverse();
        Self { nodes: summed }
    }

    pub(crate) fn lines(&self, width: usize, color: bool) -> Vec<String> {
        let mut branches = Branches::default();
        let mut lines: Vec<_> = self
            .nodes
            .iter()
            .rev()
            .map(|(node, sum)| {
                let lead = branches.lead(node.depth.min(MAX_DEPTH));
                line(node, sum, &lead, width, color)
            })
            .collect();
        lines.reverse();
        lines
    }
}

/// A request that a model wrote is its call's beginning; it is a line of its own only where it came to nothing.
fn is_shown(node: &TraceNode) -> bool {
    node.operation != "tool.request" || node.status != Status::Completed
}

/// Which branches go on below, while the tree is drawn from its end.
#[derive(Default)]
struct Branches {
    open: Vec<bool>,
}

impl Branches {
    fn lead(&mut self, depth: usize) -> String {
        self.open.resize(depth + 1, false);
        let mut lead = String::new();
        for open in self.open.iter().take(depth).skip(1) {
            lead.push_str(if *open { "│  " } else { "   " });
        }
        if depth > 0 {
            lead.push_str(if self.open[depth] { "├─ " } else { "└─ " });
        }
        self.open[depth] = true;
        lead
    }
}

fn line(node: &TraceNode, sum: &Sum, lead: &str, width: usize, color: bool) -> String {
    let (mark, code) = match node.status {
        Status::Completed => ("✓", "\x1b[32m"),
        Status::Failed => ("✗", "\x1b[31m"),
        Status::Canceled => ("⊘", "\x1b[33m"),
        _ => ("…", "\x1b[36m"),
    };
    let mut text = format!(" {}", node.operation);
    if node.label != node.operation {
        text.push_str(&format!(" {}", node.label));
    }
    let mut figures = Vec::new();
    match node.duration_ns {
        Some(nanos) => figures.push(figures::duration(nanos)),
        None if node.status == Status::Running => figures.push("open".to_owned()),
        None => {}
    }
    if sum.input > 0 {
        figures.push(format!("{} in", figures::count(sum.input)));
    }
    if sum.output > 0 {
        figures.push(format!("{} out", figures::count(sum.output)));
    }
    if sum.usd > 0.0 {
        figures.push(figures::money(sum.usd));
    }
    if node.orphan {
        figures.push("its parent is not there".to_owned());
    }
    figures.extend(node.said.clone());
    for figure in figures {
        text.push_str("  ");
        text.push_str(&figure);
    }
    let room = width.saturating_sub(Visible(lead).columns() + 1);
    let text = Visible(&text).cut(room);
    let mark = if color { format!("{code}{mark}\x1b[0m") } else { mark.to_owned() };
    format!("{lead}{mark}{text}\n")
}
