//! Scripts, run where all keys of the deployment are.

use fred::{
    error::Error,
    interfaces::ClientLike,
    types::{ClusterHash, CustomCommand, FromValue, Value, scripts::Script},
    util::redis_keyslot,
};
use redis_link::RedisLink;

/// Runs a script with one key, loading it where Redis does not know it: it was restarted, or another took over.
pub(super) async fn run<R: FromValue>(
    link: &RedisLink,
    script: &Script,
    key: &str,
    arguments: impl IntoIterator<Item = String>,
) -> Result<R, Error> {
    let mut all = vec![
        Value::from(script.sha1().clone()),
        Value::from(1),
        Value::from(key),
    ];
    all.extend(arguments.into_iter().map(Value::from));
    let reply = match send(link, "EVALSHA", all.clone()).await {
        Err(error) if error.details().starts_with("NOSCRIPT") => {
            let text = script.lua().cloned().unwrap_or_default();
            let load = vec![Value::from("LOAD"), Value::from(text)];
            send(link, "SCRIPT", load).await?;
            send(link, "EVALSHA", all).await
        }
        reply => reply,
    };
    reply?.convert()
}

/// Sends a command to where the keys are. (The client's own EVALSHA fails at once while it does not know the Cluster yet, and
/// its own SCRIPT LOAD asks every node of the Cluster, dead ones too.)
async fn send(link: &RedisLink, name: &'static str, arguments: Vec<Value>) -> Result<Value, Error> {
    let slot = ClusterHash::Custom(redis_keyslot(link.key("").as_bytes()));
    let command = CustomCommand::new_static(name, slot, false);
    link.client().custom(command, arguments).await
}
