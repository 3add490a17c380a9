use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// A map of bounded size that forgets the oldest keys first. Writing to a key that is present does
/// not make it younger.
#[derive(Debug)]
pub struct Recent<K, V> {
    limit: usize,
    values: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K: Copy + Eq + Hash, V> Recent<K, V> {
    /// A map of at most `limit` keys.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            values: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// The value of a key.
    pub fn value(&self, key: K) -> Option<&V> {
        self.values.get(&key)
    }

    /// Sets the value of a key.
    pub fn insert(&mut self, key: K, value: V) {
        if self.values.insert(key, value).is_some() {
            return;
        }
        self.order.push_back(key);
        while self.values.len() > self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
        // Keys that were removed stay in `order` for a while: sweep them before they outgrow the map.
        if self.order.len() > 2 * self.limit {
            let mut seen = std::collections::HashSet::new();
            self.order
                .retain(|key| self.values.contains_key(key) && seen.insert(*key));
        }
    }

    /// Forgets a key.
    pub fn remove(&mut self, key: K) {
        self.values.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first_and_the_bound_holds() {
        let mut recent = Recent::new(2);
        for key in 1..=3 {
            recent.insert(key, key * 10);
        }
        assert_eq!(
            (recent.value(1), recent.value(2), recent.value(3)),
            (None, Some(&20), Some(&30))
        );
    }

    #[test]
    fn keys_that_come_and_go_leave_nothing_behind() {
        let mut recent = Recent::new(4);
        for key in 0..1_000 {
            recent.insert(key % 7, key);
            recent.remove(key % 7);
        }
        assert!(recent.order.len() <= 8 && recent.values.is_empty());
    }
}
