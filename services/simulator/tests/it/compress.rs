//! Compressed connections, decoded.

use flate2::{Decompress, FlushDecompress};
use serde_json::{Value, json};
use zstd_safe::{DCtx, InBuffer, OutBuffer};

use crate::{
    shard::{PLAIN, Seen, Shard, identify},
    stage::Stage,
};

const ROOM: usize = 1 << 20;

async fn bytes(shard: &mut Shard) -> Vec<u8> {
    match shard.next().await {
        Seen::Bytes(bytes) => bytes,
        other => panic!("expected binary: {other:?}"),
    }
}

/// Reads HELLO, READY and two guilds through `decode`, then one live event.
async fn read_through(compress: &str, mut decode: impl FnMut(&[u8]) -> Value) {
    let stage = Stage::start().await;
    let url = format!(
        "ws://{}/gateway?v=10&encoding=json&compress={compress}",
        stage.addr
    );
    let mut shard = Shard::open(&url).await;
    assert_eq!(decode(&bytes(&mut shard).await)["op"], 10);
    shard.send(&identify("token", PLAIN, &json!([0, 1]))).await;
    for kind in ["READY", "GUILD_CREATE", "GUILD_CREATE"] {
        assert_eq!(decode(&bytes(&mut shard).await)["t"], kind);
    }
    for room in ["Lounge", "Study Nook"] {
        stage.act("join", json!({ "user": "nelly", "channel": room }));
        let event = decode(&bytes(&mut shard).await);
        assert_eq!(event["d"]["channel_id"], stage.id("channels", room));
    }
}

#[tokio::test]
async fn a_zlib_stream_is_one_context() {
    let mut inflate = Decompress::new(true);
    read_through("zlib-stream", |bytes| {
        assert!(bytes.ends_with(&[0, 0, 0xFF, 0xFF]));
        let mut text = Vec::with_capacity(ROOM);
        inflate
            .decompress_vec(bytes, &mut text, FlushDecompress::Sync)
            .unwrap();
        serde_json::from_slice(&text).unwrap()
    })
    .await;
}

#[tokio::test]
async fn a_zstd_stream_is_one_context() {
    let mut context = DCtx::create();
    read_through("zstd-stream", |bytes| {
        let mut text = vec![0; ROOM];
        let mut input = InBuffer::around(bytes);
        let mut output = OutBuffer::around(&mut text[..]);
        context.decompress_stream(&mut output, &mut input).unwrap();
        assert_eq!(input.pos(), bytes.len());
        serde_json::from_slice(output.as_slice()).unwrap()
    })
    .await;
}

#[tokio::test]
async fn payload_compression_is_for_large_messages_only() {
    let stage = Stage::start().await;
    let mut shard = Shard::connect(&stage).await;
    let mut wish = identify("token", PLAIN, &json!([0, 1]));
    wish["d"]["compress"] = json!(true);
    shard.send(&wish).await;
    let mut large = 0;
    loop {
        match shard.next().await {
            Seen::Bytes(bytes) => {
                let mut text = Vec::with_capacity(ROOM);
                Decompress::new(true)
                    .decompress_vec(&bytes, &mut text, FlushDecompress::Finish)
                    .unwrap();
                let payload: Value = serde_json::from_slice(&text).unwrap();
                assert!(payload["t"].is_string());
                large += 1;
                if large == 2 {
                    break;
                }
            }
            Seen::Text(payload) => assert!(payload.to_string().len() < 1024),
            other => panic!("{other:?}"),
        }
    }
    shard.send(&json!({ "op": 1, "d": null })).await;
    loop {
        if let Seen::Text(payload) = shard.next().await {
            assert_eq!(payload["op"], 11);
            break;
        }
    }
}
