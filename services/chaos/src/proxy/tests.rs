use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// Ten times what anything here takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Long enough for bytes to pass if they could.
const MOMENT: Duration = Duration::from_millis(100);

struct Pair {
    proxy: Proxy,
    near: TcpStream,
    far: TcpStream,
    listener: TcpListener,
    _lifecycle: Lifecycle,
}

async fn pair() -> Pair {
    let lifecycle = Lifecycle::new();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let proxy = Proxy::start(&lifecycle, vec![listener.local_addr().unwrap()])
        .await
        .unwrap();
    let mut near = TcpStream::connect(proxy.address()).await.unwrap();
    let (mut far, _) = listener.accept().await.unwrap();
    // the relay stands when something came through
    near.write_all(b"?").await.unwrap();
    assert_eq!(read(&mut far).await.unwrap(), b"?");
    Pair {
        proxy,
        near,
        far,
        listener,
        _lifecycle: lifecycle,
    }
}

async fn read(socket: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut buffer = [0; 64];
    let count = timeout(PATIENCE, socket.read(&mut buffer)).await.unwrap()?;
    Ok(buffer[..count].to_vec())
}

#[tokio::test]
async fn bytes_pass_both_ways_and_an_end_passes_too() {
    let mut pair = pair().await;
    pair.near.write_all(b"there").await.unwrap();
    assert_eq!(read(&mut pair.far).await.unwrap(), b"there");
    pair.far.write_all(b"back").await.unwrap();
    assert_eq!(read(&mut pair.near).await.unwrap(), b"back");
    drop(pair.far);
    assert_eq!(read(&mut pair.near).await.unwrap(), b"");
}

#[tokio::test]
async fn a_hole_keeps_bytes_until_it_is_healed() {
    let mut pair = pair().await;
    pair.proxy.hold();
    pair.near.write_all(b"late").await.unwrap();
    let mut buffer = [0; 8];
    assert!(timeout(MOMENT, pair.far.read(&mut buffer)).await.is_err());
    pair.proxy.heal(false);
    assert_eq!(read(&mut pair.far).await.unwrap(), b"late");
}

#[tokio::test]
async fn a_cut_resets_what_is_there_and_what_comes() {
    let mut pair = pair().await;
    pair.proxy.cut();
    assert!(read(&mut pair.near).await.is_err(), "reset, not closed");
    assert!(read(&mut pair.far).await.is_err(), "reset, not closed");
    let mut refused = TcpStream::connect(pair.proxy.address()).await.unwrap();
    assert!(read(&mut refused).await.is_err());
    pair.proxy.heal(false);
    let mut again = TcpStream::connect(pair.proxy.address()).await.unwrap();
    again.write_all(b"again").await.unwrap();
    let (mut far, _) = pair.listener.accept().await.unwrap();
    assert_eq!(read(&mut far).await.unwrap(), b"again");
}

#[tokio::test]
async fn a_hole_may_end_with_a_reset() {
    let mut pair = pair().await;
    pair.proxy.hold();
    pair.proxy.heal(true);
    assert!(read(&mut pair.near).await.is_err());
}
