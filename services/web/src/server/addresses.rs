use std::{collections::HashMap, net::IpAddr, sync::Arc};

use parking_lot::Mutex;

use crate::client_address::Peer;

/// Most connections from one address: enough for a large office behind one, a fifth of all that there may be. Proxies that are
/// trusted and this machine itself are not counted.
pub(super) const CONNECTIONS_PER_ADDRESS: usize = 5_000;

/// How many connections each address has; there are never more addresses than connections. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Addresses(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection of an address, until it is dropped.
#[derive(Debug)]
pub(crate) struct Counted {
    addresses: Addresses,
    peer: Peer,
}

impl Addresses {
    /// Counts one more connection; `None` if this address has `most`.
    pub(super) fn enter(&self, peer: Peer, most: usize) -> Option<Counted> {
        let mut counts = self.0.lock();
        let count = counts.entry(peer.0).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Counted {
            addresses: self.clone(),
            peer,
        })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.addresses.0.lock();
        if let Some(count) = counts.get_mut(&self.peer.0) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.peer.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_connections_and_leaves_nothing_behind() {
        let addresses = Addresses::default();
        let peer = |text: &str| Peer::new(text.parse().unwrap());
        let (one, other) = (peer("203.0.113.5"), peer("203.0.113.6"));
        let first = addresses.enter(one, 2).unwrap();
        let second = addresses.enter(one, 2).unwrap();
        assert!(addresses.enter(one, 2).is_none());
        assert!(addresses.enter(other, 2).is_some());
        drop(first);
        let third = addresses.enter(one, 2).unwrap();
        drop((second, third));
        assert!(addresses.0.lock().is_empty());
    }
}
