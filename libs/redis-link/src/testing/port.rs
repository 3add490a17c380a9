use std::{
    net::{Ipv4Addr, TcpListener, UdpSocket},
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

/// How many ports are tried until one is claimed.
const PORTS_TRIED: usize = 64;

/// A loopback port that no other server of the tests takes as long as this value lives, also while nobody listens on it: a
/// server that is killed and started again must not find a stranger in its place.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) number: u16,
    _claim: UdpSocket,
}

impl Port {
    /// Claims a port that nobody listens on; the claim is the UDP port of the same number.
    pub(super) fn claim() -> Self {
        for _ in 0..PORTS_TRIED {
            let listener =
                TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port");
            let number = listener.local_addr().expect("a bound address").port();
            if let Ok(claim) = UdpSocket::bind((Ipv4Addr::LOCALHOST, number)) {
                return Self {
                    number,
                    _claim: claim,
                };
            }
        }
        panic!("{PORTS_TRIED} free ports are all claimed");
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
