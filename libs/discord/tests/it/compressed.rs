use discord::{Compression, ConnectionState};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    peer::Gateway,
    running::{Running, config},
};

async fn a_session_lives_and_is_resumed(compression: Compression, query: &str) {
    let gateway = Gateway::start().await;
    let mut config = config(gateway.url());
    config.compression = compression;
    let mut shard = Running::start(config, None);
    let mut peer = gateway.establish("s", &gateway.url()).await;
    assert!(peer.uri.ends_with(query), "{}", peer.uri);
    assert_eq!(shard.next().await, (0, "READY"));
    for seq in 1..=20 {
        let name = "a long name ".repeat(seq as usize * 400);
        let guild = json!({"id": "1", "name": name, "channels": [], "voice_states": []});
        peer.dispatch(seq, "GUILD_CREATE", guild).await;
        assert_eq!(shard.next().await, (seq, "GUILD_CREATE"));
    }
    peer.close(4000).await;
    let (mut peer, resume) = gateway.resumed().await;
    assert_eq!(resume["seq"], 20);
    assert!(peer.uri.ends_with(query), "{}", peer.uri);
    peer.dispatch(21, "RESUMED", json!(null)).await;
    assert_eq!(shard.next().await, (21, "RESUMED"));
}

#[tokio::test]
async fn without_compression() {
    a_session_lives_and_is_resumed(Compression::None, "encoding=json").await;
}

#[tokio::test]
async fn with_zlib_stream() {
    a_session_lives_and_is_resumed(Compression::Zlib, "&compress=zlib-stream").await;
}

#[tokio::test]
async fn with_zstd_stream() {
    a_session_lives_and_is_resumed(Compression::Zstd, "&compress=zstd-stream").await;
}

#[tokio::test]
async fn a_broken_stream_ends_the_connection_and_the_session_goes_on() {
    for compression in [Compression::Zlib, Compression::Zstd] {
        let gateway = Gateway::start().await;
        let mut config = config(gateway.url());
        config.compression = compression;
        let mut shard = Running::start(config, None);
        let mut peer = gateway.establish("s", &gateway.url()).await;
        shard
            .until(|status| status.state == ConnectionState::Connected)
            .await;
        peer.send_raw(Message::binary(vec![0x11; 64])).await;
        assert_eq!(peer.closed().await, Some(4000), "{compression:?}");
        let (_peer, resume) = gateway.resumed().await;
        assert_eq!(resume["session_id"], "s");
    }
}
