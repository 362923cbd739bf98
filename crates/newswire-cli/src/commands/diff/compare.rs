//! What two runs have in common, and what they don't.
//!
//! Operations are paired where they are the same in the same order: first those with the same arguments, then,
//! between these, those of the same tool or model. What is left on both sides has moved, or is there only once.

use std::collections::BTreeMap;

use super::align::align;
use super::operation::Aspect;
use super::operations::Operations;

/// What is true of an operation.
pub(super) enum Change {
    Same,
    /// It differs in that; its places.
    Changed(usize, usize, Vec<Aspect>),
    /// It is only in the first, at that place.
    Removed(usize),
    /// It is only in the second.
    Added(usize),
    /// It stands elsewhere, and may differ, too.
    Moved(usize, usize, Vec<Aspect>),
}

/// Pairs what both did, in the order of the second; what is only in the first stands where it was.
pub(super) fn compare(a: &Operations, b: &Operations, ignored: &[Aspect]) -> Vec<Change> {
    let (a, b) = (&a.all, &b.all);
    let identities = [a, b].map(|all| all.iter().map(|operation| operation.identity()).collect::<Vec<_>>());
    let mut pairs = Vec::new();
    let (mut from_a, mut from_b) = (0, 0);
    for (to_a, to_b) in align(&identities[0], &identities[1]).into_iter().chain([(a.len(), b.len())]) {
        let sorts = [&a[from_a..to_a], &b[from_b..to_b]]
            .map(|between| between.iter().map(|operation| operation.sort()).collect::<Vec<_>>());
        pairs.extend(align(&sorts[0], &sorts[1]).into_iter().map(|(x, y)| (x + from_a, y + from_b)));
        if to_a < a.len() && to_b < b.len() {
            pairs.push((to_a, to_b));
        }
        (from_a, from_b) = (to_a + 1, to_b + 1);
    }
    let moved = moved(&identities, &pairs);
    let mut has_moved = vec![false; a.len()];
    moved.values().for_each(|from| has_moved[*from] = true);
    let mut changes = Vec::new();
    let (mut next_a, mut next_b) = (0, 0);
    for (to_a, to_b) in pairs.into_iter().chain([(a.len(), b.len())]) {
        // What has moved is told where it stands in the second, be that before or behind this place.
        let gone = (next_a..to_a).filter(|place| !has_moved[*place]);
        changes.extend(gone.map(Change::Removed));
        changes.extend((next_b..to_b).map(|place| match moved.get(&place) {
            Some(from) => Change::Moved(*from, place, a[*from].differs(&b[place], ignored)),
            None => Change::Added(place),
        }));
        if to_a < a.len() && to_b < b.len() {
            let differs = a[to_a].differs(&b[to_b], ignored);
            changes.push(if differs.is_empty() {
                Change::Same
            } else {
                Change::Changed(to_a, to_b, differs)
            });
        }
        (next_a, next_b) = (to_a + 1, to_b + 1);
    }
    changes
}

/// What is in both, but in another place: by place in the second, the place in the first.
fn moved(identities: &[Vec<u64>; 2], pairs: &[(usize, usize)]) -> BTreeMap<usize, usize> {
    let [a, b] = identities;
    let (mut in_a, mut in_b) = (vec![false; a.len()], vec![false; b.len()]);
    pairs.iter().for_each(|(x, y)| (in_a[*x], in_b[*y]) = (true, true));
    let mut left: std::collections::HashMap<u64, std::collections::VecDeque<usize>> = Default::default();
    for place in (0..a.len()).filter(|place| !in_a[*place]) {
        left.entry(a[place]).or_default().push_back(place);
    }
    let unpaired = (0..b.len()).filter(|place| !in_b[*place]);
    unpaired.filter_map(|place| Some((place, left.get_mut(&b[place])?.pop_front()?))).collect()
}
