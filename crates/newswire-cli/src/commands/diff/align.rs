//! What of two sequences is the same, in the same order: Myers' algorithm ("An O(ND) Difference Algorithm"), bounded.

/// How many differences are looked for one by one; beyond that, what lies between common ends counts as different.
const MAX_DIFFERENCES: usize = 4000;

/// Places of what is the same in both, in order.
pub(super) fn align(a: &[u64], b: &[u64]) -> Vec<(usize, usize)> {
    let head = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a_rest, b_rest) = (&a[head..], &b[head..]);
    let tail = a_rest.iter().rev().zip(b_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a_middle, b_middle) = (&a_rest[..a_rest.len() - tail], &b_rest[..b_rest.len() - tail]);
    let mut pairs: Vec<_> = (0..head).map(|place| (place, place)).collect();
    pairs.extend(middle(a_middle, b_middle).into_iter().map(|(a, b)| (a + head, b + head)));
    pairs.extend((0..tail).map(|place| (a.len() - tail + place, b.len() - tail + place)));
    pairs
}

fn middle(a: &[u64], b: &[u64]) -> Vec<(usize, usize)> {
    let most = (a.len() + b.len()).min(MAX_DIFFERENCES);
    let width = 2 * most + 3;
    let at = |diagonal: isize| (diagonal + most as isize + 1) as usize;
    // How far in `a` each diagonal has come, and the same after each number of differences.
    let mut reached = vec![0_usize; width];
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    for differences in 0..=most as isize {
        let mut diagonal = -differences;
        while diagonal <= differences {
            let down = diagonal == -differences
                || diagonal != differences && reached[at(diagonal - 1)] < reached[at(diagonal + 1)];
            let mut x = if down { reached[at(diagonal + 1)] } else { reached[at(diagonal - 1)] + 1 };
            // Diagonals that lie beside both sequences lead nowhere.
            let Ok(mut y) = usize::try_from(x as isize - diagonal) else {
                diagonal += 2;
                continue;
            };
            while x < a.len() && y < b.len() && a[x] == b[y] {
                (x, y) = (x + 1, y + 1);
            }
            reached[at(diagonal)] = x;
            if x >= a.len() && y >= b.len() {
                return back(a, b, &rounds, differences);
            }
            diagonal += 2;
        }
        let span = at(-differences)..=at(differences);
        rounds.push(reached[span].to_vec());
    }
    Vec::new()
}

/// The way that led to the end, from its end on.
fn back(a: &[u64], b: &[u64], rounds: &[Vec<usize>], differences: isize) -> Vec<(usize, usize)> {
    let (mut x, mut y) = (a.len() as isize, b.len() as isize);
    let mut pairs = Vec::new();
    for differences in (1..=differences).rev() {
        let before = &rounds[differences as usize - 1];
        let reached = |diagonal: isize| {
            let place = usize::try_from(diagonal + differences - 1).ok();
            place.and_then(|place| before.get(place)).map(|x| *x as isize)
        };
        let diagonal = x - y;
        let (above, left) = (reached(diagonal + 1), reached(diagonal - 1));
        let down = diagonal == -differences || diagonal != differences && left < above;
        let (from, from_diagonal) = if down { (above, diagonal + 1) } else { (left, diagonal - 1) };
        let from = from.unwrap_or(0);
        let begins = if down { from } else { from + 1 };
        while x > begins {
            (x, y) = (x - 1, y - 1);
            pairs.push((x as usize, y as usize));
        }
        (x, y) = (from, from - from_diagonal);
    }
    while x > 0 && y > 0 {
        (x, y) = (x - 1, y - 1);
        pairs.push((x as usize, y as usize));
    }
    pairs.reverse();
    pairs
}

#[cfg(test)]
mod tests {
    use super::align;

    /// The length of the longest common subsequence, by the table.
    fn longest(a: &[u64], b: &[u64]) -> usize {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut corner = 0;
            for (place, y) in b.iter().enumerate() {
                let above = row[place + 1];
                row[place + 1] = if x == y { corner + 1 } else { above.max(row[place]) };
                corner = above;
            }
        }
        row[b.len()]
    }

    #[test]
    fn what_is_the_same_in_both_is_found_in_order_and_as_much_as_there_is() {
        let mut state = 7_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for round in 0..2000 {
            let letters = 1 + random(5);
            let mut sequence = || (0..random(14)).map(|_| random(letters)).collect::<Vec<_>>();
            let (a, b) = (sequence(), sequence());
            let pairs = align(&a, &b);
            assert!(pairs.iter().all(|(x, y)| a[*x] == b[*y]), "{round}: {a:?} {b:?} {pairs:?}");
            assert!(pairs.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 < two[1].1));
            assert_eq!(pairs.len(), longest(&a, &b), "{round}: {a:?} {b:?} {pairs:?}");
        }
    }

    #[test]
    fn sequences_with_nothing_in_common_end() {
        let (a, b): (Vec<_>, Vec<_>) = ((0..6000).collect(), (6000..12_000).collect());
        assert!(align(&a, &b).is_empty());
        assert_eq!(align(&a, &a).len(), 6000);
        assert!(align(&[], &[]).is_empty());
    }
}
