use std::{
    net::{Ipv4Addr, TcpListener, UdpSocket},
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Where ports are taken from: below those that the system hands out by itself, so that nobody gets one of them by chance.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A loopback port that no other server of the tests takes as long as this value lives, also while nobody listens on it: a
/// server that is killed and started again must not find a stranger in its place.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _claim: UdpSocket,
}

impl Port {
    /// Claims a port that nobody listens on; the claim is the UDP port of the same number.
    ///
    /// # Panics
    ///
    /// If every port is claimed or in use.
    pub fn claim() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = PORTS.len();
        let first = std::process::id() as usize * 613 + COUNT.fetch_add(1, Ordering::Relaxed) * 17;
        (0..count)
            .map(|step| PORTS.start + ((first + step) % count) as u16)
            .find_map(|number| {
                let claim = UdpSocket::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
                TcpListener::bind((Ipv4Addr::LOCALHOST, number)).ok()?;
                Some(Self {
                    number,
                    _claim: claim,
                })
            })
            .expect("a loopback port that nobody has claimed")
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        self.number
    }
}

/// A new directory among the temporary ones.
pub(super) fn fresh_directory() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("redis-link-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&path).expect("a directory for redis-server");
    path
}
