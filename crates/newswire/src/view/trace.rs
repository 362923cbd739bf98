//! Runs, steps and calls as a tree.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::View;
use super::ledger::Ledger;
use super::occurrence::{Stage, Station, Timing, stem};
use super::payload::{self, MAX_NAME_BYTES, Said, cut, cut_sentence};
use super::status::{as_optional_text, as_text};
use crate::catalogue::Usage;
use crate::delivery::Gap;
use crate::error::Result;
use crate::event::{ComponentScope, Event, ScopeField, SpanId, Status};
use crate::filter::Filter;

/// Puts runs, steps and calls under what they are a part of, by span and parent span: in the same run, else in
/// whichever run has that span, if only one does.
///
/// What has not ended is open (`running`); what names a parent that nobody knows is an orphan.
#[derive(Debug)]
pub struct TraceTree {
    nodes: Ledger<TraceNode>,
    unreadable: u64,
    missed: u64,
}

/// One operation of a tree.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TraceNode {
    /// How deep it stands: 0 for a root.
    pub depth: usize,
    /// Which part of the system it is.
    #[serde(serialize_with = "as_text")]
    pub scope: ComponentScope,
    /// What it is: its kind without the phase, such as `tool.call`.
    pub operation: String,
    /// Its label, else what the payload calls it.
    pub label: String,
    /// The run that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Its span.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_optional_text")]
    pub span: Option<SpanId>,
    /// The span that it says it is a part of.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_optional_text")]
    pub parent_span: Option<SpanId>,
    /// Whether that is none that was seen.
    pub orphan: bool,
    /// What state it is in.
    #[serde(serialize_with = "as_text")]
    pub status: Status,
    /// When it began, in nanoseconds since the Unix epoch; absent where that was not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_ns: Option<i64>,
    /// How long it took, in nanoseconds; absent while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ns: Option<u64>,
    /// What went wrong, or why it was canceled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// What it says to have used: for runs and agents that includes their parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// What a [`TraceTree`] knows at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TraceSnapshot {
    /// The trees, one after another: each operation is followed by its parts, which stand one deeper.
    pub nodes: Vec<TraceNode>,
    /// How many are open.
    pub open: u64,
    /// How many are orphans.
    pub orphans: u64,
    /// How many more there were, forgotten since the table is bounded.
    pub forgotten: u64,
    /// How many payloads had fields that don't fit their kind, and were read without these.
    pub unreadable: u64,
    /// How many events were lost on the way here.
    pub missed: u64,
}

impl TraceTree {
    /// How many operations it remembers, unless told otherwise.
    pub const CAPACITY: usize = 10_000;

    /// A tree that remembers [`TraceTree::CAPACITY`] operations.
    pub fn new() -> Self {
        Self::with_capacity(Self::CAPACITY)
    }

    /// A tree that remembers so many operations, at least one.
    pub fn with_capacity(operations: usize) -> Self {
        Self { nodes: Ledger::new(operations), unreadable: 0, missed: 0 }
    }
}

impl Default for TraceTree {
    fn default() -> Self {
        Self::new()
    }
}

impl View for TraceTree {
    type Snapshot = TraceSnapshot;

    fn filter(&self) -> Result<Filter> {
        Filter::parse("phase in (started, completed, failed, canceled)")
    }

    fn see(&mut self, event: &Event) {
        let Some(station) = Station::of(event) else { return };
        if station.begins_anew() {
            self.nodes.part(&station.occurrence);
        }
        let (ids, run) = (event.correlation(), event.scope().get(ScopeField::Run));
        let node = self.nodes.entry(station.occurrence.clone(), || TraceNode {
            depth: 0,
            scope: station.scope,
            operation: stem(event.kind().as_str()).to_owned(),
            label: station.label.to_owned(),
            run: run.map(str::to_owned),
            span: ids.span,
            parent_span: ids.parent_span,
            orphan: false,
            status: Status::Running,
            started_ns: None,
            duration_ns: None,
            said: None,
            usage: None,
        });
        let Some(node) = node else { return };
        let mut timing = Timing { started_ns: node.started_ns, duration_ns: node.duration_ns };
        if node.label == node.operation
            && let Some(name) = payload::name_of(event)
        {
            node.label = cut(&name, MAX_NAME_BYTES).to_owned();
        }
        let ends = station.stage == Stage::Ends;
        let said: Said = if ends { payload::told(event, &mut self.unreadable) } else { Said::default() };
        timing.at(station.stage, event, said.duration_ns);
        if ends {
            node.status = station.phase.status();
            node.said = said.error.map(|error| error.message).or(said.reason).map(cut_sentence);
            node.usage = said.usage;
        }
        (node.started_ns, node.duration_ns) = (timing.started_ns, timing.duration_ns);
        if ends {
            self.nodes.end(&station.occurrence);
        }
    }

    fn miss(&mut self, gap: &Gap) {
        self.missed = self.missed.saturating_add(gap.count);
    }

    fn snapshot(&self) -> TraceSnapshot {
        let nodes = Forest::of(self.nodes.iter()).in_order();
        TraceSnapshot {
            open: nodes.iter().filter(|node| node.status == Status::Running).count() as u64,
            orphans: nodes.iter().filter(|node| node.orphan).count() as u64,
            nodes,
            forgotten: self.nodes.forgotten(),
            unreadable: self.unreadable,
            missed: self.missed,
        }
    }
}

/// The nodes, and which are whose parts.
struct Forest<'n> {
    nodes: Vec<&'n TraceNode>,
    /// By the place of what they are a part of.
    parts: HashMap<usize, Vec<usize>>,
    are_parts: HashSet<usize>,
}

/// Where spans are; those of different runs may be equal.
#[derive(Default)]
struct Places<'n> {
    by_run: HashMap<(Option<&'n str>, SpanId), usize>,
    /// `None` where several nodes have the span.
    by_span: HashMap<SpanId, Option<usize>>,
}

impl<'n> Places<'n> {
    fn of(nodes: &[&'n TraceNode]) -> Self {
        let mut places = Self::default();
        for (place, node) in nodes.iter().enumerate() {
            let Some(span) = node.span else { continue };
            places.by_run.insert((node.run.as_deref(), span), place);
            places.by_span.entry(span).and_modify(|only| *only = None).or_insert(Some(place));
        }
        places
    }

    /// In the node's own run first: one that it started has another id.
    fn of_parent(&self, node: &'n TraceNode) -> Option<usize> {
        let span = node.parent_span?;
        let own = self.by_run.get(&(node.run.as_deref(), span)).copied();
        own.or_else(|| self.by_span.get(&span).copied().flatten())
    }
}

impl<'n> Forest<'n> {
    fn of(nodes: impl Iterator<Item = &'n TraceNode>) -> Self {
        let nodes: Vec<_> = nodes.collect();
        let places = Places::of(&nodes);
        let mut parts: HashMap<_, Vec<usize>> = HashMap::new();
        let mut are_parts = HashSet::new();
        for (place, node) in nodes.iter().enumerate() {
            if let Some(parent) = places.of_parent(node) {
                parts.entry(parent).or_default().push(place);
                are_parts.insert(place);
            }
        }
        Self { nodes, parts, are_parts }
    }

    /// Each node followed by its parts. Those that are parts of one another in a circle come last, as
    /// orphans: nothing that an event says can hide it.
    fn in_order(&self) -> Vec<TraceNode> {
        let mut shown = vec![false; self.nodes.len()];
        let mut ordered = Vec::with_capacity(self.nodes.len());
        let roots = self.nodes.iter().enumerate().filter(|(place, _)| !self.are_parts.contains(place));
        for (place, node) in roots {
            self.show(place, node.parent_span.is_some(), &mut shown, &mut ordered);
        }
        for place in 0..self.nodes.len() {
            self.show(place, true, &mut shown, &mut ordered);
        }
        ordered
    }

    fn show(&self, root: usize, orphan: bool, shown: &mut [bool], ordered: &mut Vec<TraceNode>) {
        let mut waiting = vec![(root, 0)];
        while let Some((place, depth)) = waiting.pop() {
            let (Some(node), Some(is_shown)) = (self.nodes.get(place), shown.get_mut(place)) else {
                continue;
            };
            if std::mem::replace(is_shown, true) {
                continue;
            }
            ordered.push(TraceNode { depth, orphan: orphan && depth == 0, ..(*node).clone() });
            let parts = self.parts.get(&place);
            waiting.extend(parts.into_iter().flatten().rev().map(|part| (*part, depth + 1)));
        }
    }
}
