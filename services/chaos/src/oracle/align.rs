//! The longest common part of two lists (Myers, "An O(ND) Difference Algorithm and Its Variations").

/// Most differences that are looked for; lists that differ more are not the same list at all.
pub(super) const MOST_DIFFERENCES: usize = 3_000;

/// Pairs of places (expected, received) that are the same, in order, as many as there can be; `None` = the lists differ in
/// more than [`MOST_DIFFERENCES`] places.
pub(super) fn align(expected: &[u32], received: &[u32]) -> Option<Vec<(usize, usize)>> {
    let same_head = expected.iter().zip(received).take_while(|(a, b)| a == b);
    let head = same_head.count();
    let (a, b) = (&expected[head..], &received[head..]);
    let mut pairs: Vec<_> = (0..head).map(|place| (place, place)).collect();
    let rest = differ(a, b)?;
    pairs.extend(rest.into_iter().map(|(x, y)| (x + head, y + head)));
    Some(pairs)
}

fn differ(a: &[u32], b: &[u32]) -> Option<Vec<(usize, usize)>> {
    let most = (a.len() + b.len()).min(MOST_DIFFERENCES);
    let middle = most + 1;
    // reach[k] = how far into `a` the best path on diagonal k has come
    let mut reach = vec![0_usize; 2 * most + 3];
    let mut steps = Vec::new();
    for d in 0..=most {
        steps.push(reach[middle - d..=middle + d].to_vec());
        for k in (0..=d).map(|step| middle + 2 * step - d) {
            let mut x = if down(&reach, k, middle - d, middle + d) {
                reach[k + 1]
            } else {
                reach[k - 1] + 1
            };
            let mut y = (x + middle).wrapping_sub(k);
            while x < a.len() && y < b.len() && a[x] == b[y] {
                (x, y) = (x + 1, y + 1);
            }
            reach[k] = x;
            if x >= a.len() && y >= b.len() {
                return Some(walk_back(a.len(), b.len(), &steps, middle));
            }
        }
    }
    None
}

/// Whether the best way to a diagonal comes from above (something received that was not expected).
fn down(reach: &[usize], k: usize, lowest: usize, highest: usize) -> bool {
    k == lowest || (k != highest && reach[k - 1] < reach[k + 1])
}

fn walk_back(
    expected: usize,
    received: usize,
    steps: &[Vec<usize>],
    middle: usize,
) -> Vec<(usize, usize)> {
    let (mut x, mut y) = (expected, received);
    let mut pairs = Vec::new();
    for (differences, step) in steps.iter().enumerate().rev() {
        let (lowest, highest) = (middle - differences, middle + differences);
        let before = |diagonal: usize| step[diagonal - lowest];
        let diagonal = x + middle - y;
        let from_above = diagonal == lowest
            || (diagonal != highest && before(diagonal - 1) < before(diagonal + 1));
        let previous = if from_above {
            diagonal + 1
        } else {
            diagonal.wrapping_sub(1)
        };
        let (from_x, from_y) = if differences == 0 {
            (0, 0)
        } else {
            let from_x = before(previous);
            (from_x, from_x + middle - previous)
        };
        while x > from_x && y > from_y {
            (x, y) = (x - 1, y - 1);
            pairs.push((x, y));
        }
        (x, y) = (from_x, from_y);
    }
    pairs.reverse();
    pairs
}

#[cfg(test)]
mod tests {
    use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

    use super::*;

    /// The length of the longest common part, the slow way.
    fn longest(a: &[u32], b: &[u32]) -> usize {
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for (i, x) in a.iter().enumerate() {
            for (j, y) in b.iter().enumerate() {
                table[i + 1][j + 1] = if x == y {
                    table[i][j] + 1
                } else {
                    table[i][j + 1].max(table[i + 1][j])
                };
            }
        }
        table[a.len()][b.len()]
    }

    #[test]
    fn as_much_as_possible_is_paired_and_in_order() {
        let mut rng = StdRng::seed_from_u64(1);
        for _ in 0..500 {
            let mut list = || {
                let length = rng.random_range(0..30);
                (0..length)
                    .map(|_| rng.random_range(0..6))
                    .collect::<Vec<u32>>()
            };
            let (a, b) = (list(), list());
            let pairs = align(&a, &b).unwrap();
            assert_eq!(pairs.len(), longest(&a, &b), "{a:?} {b:?}");
            assert!(pairs.iter().all(|(x, y)| a[*x] == b[*y]));
            assert!(pairs.is_sorted_by(|one, next| one.0 < next.0 && one.1 < next.1));
        }
    }

    #[test]
    fn lists_that_have_nothing_in_common_are_given_up() {
        let a: Vec<u32> = (0..4_000).collect();
        let b: Vec<u32> = (10_000..14_000).collect();
        assert_eq!(align(&a, &b), None);
    }
}
