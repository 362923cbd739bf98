//! The order in which observations began and ended.

use std::collections::HashMap;

/// When an observation was, and what it is a part of.
pub(super) struct Interval<'o> {
    pub(super) id: &'o str,
    pub(super) parent: Option<&'o str>,
    pub(super) began: i64,
    pub(super) ended: Option<i64>,
}

/// The beginning or the end of the observation at `index`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) index: usize,
    pub(super) is_end: bool,
}

/// All beginnings and ends by time. At one time they stand as a walk through the tree meets them: what
/// encloses begins before its parts and ends after them, and of its parts the one that began first is first.
pub(super) fn marks(intervals: &[Interval<'_>]) -> Vec<Mark> {
    let mut by_beginning: Vec<usize> = (0..intervals.len()).collect();
    by_beginning.sort_by_key(|index| intervals.get(*index).map(|interval| interval.began));
    let mut known = HashMap::new();
    for (index, interval) in intervals.iter().enumerate() {
        known.entry(interval.id).or_insert(index);
    }
    let mut parts: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut roots = Vec::new();
    for index in by_beginning.iter().copied() {
        let parent = intervals.get(index).and_then(|interval| known.get(interval.parent?));
        match parent.filter(|parent| **parent != index) {
            Some(parent) => parts.entry(*parent).or_default().push(index),
            None => roots.push(index),
        }
    }
    // Those that are parts of one another in a circle hang on no root.
    roots.extend(by_beginning);

    let mut keyed = Vec::with_capacity(2 * intervals.len());
    let mut seen = vec![false; intervals.len()];
    for root in roots {
        let mut waiting = vec![Mark { index: root, is_end: false }];
        while let Some(mark) = waiting.pop() {
            let (Some(interval), Some(is_seen)) = (intervals.get(mark.index), seen.get_mut(mark.index))
            else {
                continue;
            };
            if mark.is_end {
                // An end before its beginning stands behind it all the same.
                keyed.extend(interval.ended.map(|ended| (ended.max(interval.began), keyed.len(), mark)));
                continue;
            }
            if std::mem::replace(is_seen, true) {
                continue;
            }
            keyed.push((interval.began, keyed.len(), mark));
            waiting.push(Mark { is_end: true, ..mark });
            let parts = parts.get(&mark.index).into_iter().flatten().rev();
            waiting.extend(parts.map(|index| Mark { index: *index, is_end: false }));
        }
    }
    keyed.sort_by_key(|(time, number, _)| (*time, *number));
    keyed.into_iter().map(|(_, _, mark)| mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(id, parent, began, ended)`, an empty parent for none.
    fn order(observations: &[(&str, &str, i64, Option<i64>)]) -> String {
        let intervals: Vec<_> = observations
            .iter()
            .map(|(id, parent, began, ended)| Interval {
                id,
                parent: (!parent.is_empty()).then_some(*parent),
                began: *began,
                ended: *ended,
            })
            .collect();
        let told =
            |mark: Mark| format!("{}{}", if mark.is_end { "-" } else { "+" }, observations[mark.index].0);
        marks(&intervals).into_iter().map(told).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_encloses_begins_first_and_ends_last() {
        let nested = [("c", "b", 1, Some(5)), ("b", "a", 1, Some(5)), ("a", "", 1, Some(5))];
        assert_eq!(order(&nested), "+a +b +c -c -b -a");
        let zero = [("a", "", 1, Some(1)), ("b", "a", 1, Some(1)), ("c", "", 1, Some(1))];
        assert_eq!(order(&zero), "+a +b -b -a +c -c");
    }

    #[test]
    fn one_ends_before_the_next_begins_at_the_same_time() {
        let siblings = [("n", "r", 3, Some(5)), ("p", "r", 1, Some(3)), ("r", "", 1, Some(5))];
        assert_eq!(order(&siblings), "+r +p -p +n -n -r");
    }

    #[test]
    fn parts_that_outlast_or_go_on_or_hang_nowhere_keep_their_times() {
        assert_eq!(
            order(&[("a", "", 1, Some(2)), ("b", "a", 0, Some(3)), ("c", "a", 1, None)]),
            "+b +a +c -a -b"
        );
        assert_eq!(
            order(&[
                ("a", "b", 2, Some(3)),
                ("b", "a", 1, Some(4)),
                ("c", "c", 0, None),
                ("d", "gone", 5, Some(4))
            ]),
            "+c +b +a -a -b +d -d"
        );
        assert_eq!(order(&[("a", "", 1, Some(2)), ("a", "a", 1, Some(2))]), "+a +a -a -a");
    }

    #[test]
    fn a_chain_however_long_is_walked() {
        let ids: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
        let chain: Vec<_> = ids
            .iter()
            .enumerate()
            .map(|(at, id)| Interval {
                id,
                parent: at.checked_sub(1).map(|at| &*ids[at]),
                began: 0,
                ended: Some(0),
            })
            .collect();
        let marks = marks(&chain);
        assert_eq!((marks.len(), marks[0].index, marks[199_999].index), (200_000, 0, 0));
    }
}
