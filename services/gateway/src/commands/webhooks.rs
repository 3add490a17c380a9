//! The webhooks through which the bot writes in users' names: one a channel, made by the bot itself.

use std::{sync::Arc, time::Duration};

use contracts::{ChannelId, UserId};
use discord::{Rest, RestError, model::Webhook};
use environment::Secret;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{actor::Actor, rooms::reason};
use crate::state::Recent;

/// Channels whose webhooks are remembered; beyond it the oldest are looked for again.
const LIMIT: usize = 1_000;
/// For how long a channel is known to have none for us.
const WITHOUT: Duration = Duration::from_secs(60);
/// What they are called where no user's name is shown.
const NAME: &str = "Fanfare";
/// Longest name (Webhook, "Create Webhook"), in characters.
const LONGEST_NAME: usize = 80;
/// What no webhook may have in its name.
const FORBIDDEN: [&str; 2] = ["discord", "clyde"];

/// A webhook that we may write through.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    pub(super) id: UserId,
    pub(super) token: Secret,
}

/// The webhooks that are known.
pub(super) struct Webhooks {
    rest: Arc<Rest>,
    known: Mutex<Recent<ChannelId, (Instant, Option<Hook>)>>,
}

impl Webhooks {
    pub(super) fn new(rest: Arc<Rest>) -> Self {
        Self {
            rest,
            known: Mutex::new(Recent::new(LIMIT)),
        }
    }

    /// The webhook of a channel, made if there is none; `None` = the bot may not, or the channel is full of others'.
    pub(super) async fn of(
        &self,
        channel: ChannelId,
        application: UserId,
        actor: &Actor,
    ) -> Result<Option<Hook>, RestError> {
        let known = self.known.lock().value(channel).cloned();
        match known {
            Some((_, Some(hook))) => return Ok(Some(hook)),
            Some((at, None)) if at.elapsed() < WITHOUT => return Ok(None),
            _ => {}
        }
        let hook = match self.find_or_make(channel, application, actor).await {
            Ok(hook) => hook,
            Err(RestError::Forbidden { .. } | RestError::Rejected { .. }) => None,
            Err(error) => return Err(error),
        };
        self.forget(channel);
        let mut known = self.known.lock();
        known.insert(channel, (Instant::now(), hook.clone()));
        Ok(hook)
    }

    /// Somebody removed it.
    pub(super) fn forget(&self, channel: ChannelId) {
        self.known.lock().remove(channel);
    }

    async fn find_or_make(
        &self,
        channel: ChannelId,
        application: UserId,
        actor: &Actor,
    ) -> Result<Option<Hook>, RestError> {
        let there = self.rest.channel_webhooks(channel).await?;
        let ours = |hook: &Webhook| hook.application_id == Some(application.get());
        if let Some(hook) = there.into_iter().filter(ours).find_map(usable) {
            return Ok(Some(hook));
        }
        let reason = reason("sendMessage", actor);
        let made = self.rest.create_webhook(channel, NAME, &reason).await?;
        Ok(usable(made))
    }
}

fn usable(webhook: Webhook) -> Option<Hook> {
    Some(Hook {
        id: webhook.id,
        token: webhook.token?,
    })
}

/// A user's name as a webhook may show it: without what is forbidden, without blanks in excess, 1 to 80 characters.
pub(super) fn shown_name(name: &str) -> String {
    let mut shown: String = name.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in FORBIDDEN {
        // ASCII alone changes case, so that places in both texts are the same.
        while let Some(at) = shown.to_ascii_lowercase().find(word) {
            shown.insert(at + 1, '-');
        }
    }
    let shown: String = shown.chars().take(LONGEST_NAME).collect();
    let shown = shown.trim_end();
    if shown.is_empty() {
        NAME.to_owned()
    } else {
        shown.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_name_becomes_one_that_discord_takes(name in "(?i)(discord|clyde|dis|cord|cly|de|.| ){0,100}") {
            let shown = shown_name(&name);
            prop_assert!((1..=LONGEST_NAME).contains(&shown.chars().count()), "{shown}");
            prop_assert_eq!(shown.trim(), shown.as_str());
            let lower = shown.to_ascii_lowercase();
            prop_assert!(FORBIDDEN.iter().all(|word| !lower.contains(word)), "{}", shown);
            prop_assert_eq!(shown_name(&shown), shown);
        }
    }

    #[test]
    fn a_name_stays_as_it_is_if_it_can() {
        assert_eq!(shown_name("Zoë the 2nd"), "Zoë the 2nd");
        assert_eq!(shown_name("  Discord  Fan "), "D-iscord Fan");
        assert_eq!(shown_name(""), NAME);
    }
}
