use std::{
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

/// A loopback port that nobody listens on.
pub(super) fn free() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port");
    listener.local_addr().expect("a bound address").port()
}

/// A new directory among the temporary ones.
pub(super) fn fresh_directory() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("redis-link-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&path).expect("a directory for redis-server");
    path
}
