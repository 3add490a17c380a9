use discord::{ConnectionState, Fatal};

use crate::{
    peer::Gateway,
    running::{Running, TOKEN, config},
};

#[tokio::test]
async fn fatal_codes_stop_and_say_what_to_do() {
    for (code, word) in [
        (4004, "DISCORD_BOT_TOKEN"),
        (4010, "SHARD_COUNT"),
        (4011, "SHARD_COUNT"),
        (4012, "version"),
        (4013, "DISCORD_INTENTS"),
        (4014, "developer portal"),
    ] {
        let gateway = Gateway::start().await;
        let shard = Running::start(config(gateway.url()), None);
        let mut peer = gateway.accept().await;
        peer.hello(60_000).await;
        peer.expect(2).await;
        peer.close(code).await;
        let status = shard.status.clone();
        let fatal = shard.outcome().await.unwrap_err();
        let text = fatal.to_string();
        assert!(
            text.contains(&code.to_string()) && text.contains(word),
            "{text}"
        );
        assert!(!text.contains(TOKEN), "{text}");
        assert!(matches!(fatal, Fatal::Refused { code: told, .. } if told == code));
        let status = status.borrow();
        assert_eq!(status.state, ConnectionState::Disconnected);
        assert_eq!(status.last_error.as_deref(), Some(text.as_str()));
        assert_eq!(status.session, None);
    }
}

#[tokio::test]
async fn a_gateway_url_that_can_not_be_one_is_refused_at_once() {
    let shard = Running::start(config("https://discord.com".into()), None);
    let fatal = shard.outcome().await.unwrap_err();
    assert!(matches!(fatal, Fatal::Misconfigured { .. }));
    assert!(fatal.to_string().contains("wss://"), "{fatal}");
}
