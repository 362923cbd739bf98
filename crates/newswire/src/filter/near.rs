//! Names near to one that doesn't exist, for error messages.

/// The names that one or two slips of the fingers, or a missing end, lead away from; at most five.
pub(crate) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    // Names have a few dozen characters; a longer one is no slip, and comparing it would cost its square.
    if name.len() > 64 {
        return Vec::new();
    }
    let mut near: Vec<(usize, &str)> = names
        .filter_map(|known| {
            let last = known.rsplit('.').next().unwrap_or(known);
            let distance = distance(name, known).min(distance(name, last) + 1);
            let begun = name.len() >= 3 && known.starts_with(name);
            (distance <= 2.min(name.len() / 2) || begun).then_some((distance, known))
        })
        .collect();
    near.sort_unstable();
    near.into_iter().map(|(_, known)| known).take(5).collect()
}

/// How many characters must be put in, left out or exchanged to make `b` of `a`.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (index, left) in a.chars().enumerate() {
        let mut diagonal = index;
        let mut before = index + 1;
        for (place, right) in row.iter_mut().zip(std::iter::once(None).chain(b.chars().map(Some))) {
            let Some(right) = right else {
                *place = before;
                continue;
            };
            let cost = (diagonal + usize::from(left != right)).min(*place + 1).min(before + 1);
            diagonal = std::mem::replace(place, cost);
            before = cost;
        }
    }
    row.last().copied().unwrap_or_default()
}
