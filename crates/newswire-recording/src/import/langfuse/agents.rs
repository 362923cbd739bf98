//! Whose work an observation is: that of the nearest agent around it.

use std::collections::HashMap;

use newswire::ScopeField;

use super::observation::Observation;
use crate::import::frame::Frame;

/// The frames of a trace's agents, and which observation belongs to which.
pub(super) struct Agents {
    frames: Vec<Frame>,
    /// The place of each observation's frame, if it has an agent.
    of: Vec<Option<usize>>,
}

impl Agents {
    pub(super) fn of(run: &Frame, observations: &[Observation<'_>]) -> Self {
        let mut known = HashMap::new();
        for (place, one) in observations.iter().enumerate() {
            known.entry(one.id.as_str()).or_insert(place);
        }
        let mut frames = Vec::new();
        let mut by_name: HashMap<&str, Option<usize>> = HashMap::new();
        let mut found: Vec<Option<Option<usize>>> = vec![None; observations.len()];
        for start in 0..observations.len() {
            // Up to an agent, to what has been found, or to the top; what is part of itself has none.
            let (mut way, mut next, mut agent) = (Vec::new(), Some(start), None);
            while let Some((place, one)) = next.and_then(|place| Some((place, observations.get(place)?))) {
                if let Some(told) = found.get(place).copied().flatten() {
                    agent = told;
                    break;
                }
                if let Some(found) = found.get_mut(place) {
                    *found = Some(None);
                }
                way.push(place);
                if let Some(name) = one.agent() {
                    // One whose name can't stand in a scope is none.
                    agent = *by_name.entry(name).or_insert_with(|| {
                        frames.push(run.within_scope(ScopeField::Agent, name).ok()?);
                        frames.len().checked_sub(1)
                    });
                    break;
                }
                next = one.parent.as_deref().and_then(|parent| known.get(parent)).copied();
            }
            for place in way {
                if let Some(found) = found.get_mut(place) {
                    *found = Some(agent);
                }
            }
        }
        Self { frames, of: found.into_iter().map(Option::flatten).collect() }
    }

    /// The frame of what the observation at that place tells, if it has an agent.
    pub(super) fn frame(&self, place: usize) -> Option<&Frame> {
        self.frames.get(self.of.get(place).copied().flatten()?)
    }
}
