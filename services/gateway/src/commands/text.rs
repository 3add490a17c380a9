//! Messages are written, reacted to and read.

use contracts::{
    command::{Messages, Post, React, ReadMessages},
    link::LinkError,
    rpc,
};
use discord::{
    RestError,
    model::Message,
    rest::{Execution, NewMessage},
};
use room_book::Posting;
use sha2::{Digest as _, Sha256};
use tracing::warn;

use super::{
    actor::Actor,
    directory::Held,
    refusal::{self, Failed},
    webhooks::shown_name,
    worker::Worker,
};
use crate::{
    behalf::{self, POSTED, POSTING},
    normalize::told,
};

/// Most characters of a message (Message, "Create Message").
const LONGEST: usize = 2_000;
/// Longest nonce (Message, "Create Message").
const NONCE: usize = 25;

impl Worker {
    /// `sendMessage`: through the channel's webhook with the user's name and image, else by the bot with the name before it.
    pub(super) async fn send_message(
        &self,
        held: &Held,
        actor: &Actor,
        post: &Post,
        idempotency_key: &str,
    ) -> Result<rpc::MessageSent, Failed> {
        let (guild, channel) = (post.guild_id, post.channel_id);
        let (bot, application) = (self.bot().await?, self.application().await?);
        let thread = held.look(guild, |state| {
            let found = state.channel(channel).filter(|found| found.is_thread())?;
            found.parent_id
        });
        let home = thread.flatten().unwrap_or(channel);
        let nonce = nonce(actor, idempotency_key);
        // Somebody may remove the webhook at any time: then there is a second attempt, with a new one.
        for _ in 0..2 {
            let Some(hook) = self.webhooks.of(home, application, actor).await? else {
                break;
            };
            let name = shown_name(&actor.display_name);
            let posting = Posting {
                id: nonce.clone(),
                channel,
                user: actor.user,
                mark: behalf::of_webhook(hook.id, &name),
            };
            let execution = Execution {
                webhook: hook.id,
                token: &hook.token,
                thread: Some(channel).filter(|thread| *thread != home),
                content: &post.content,
                username: &name,
                avatar_url: &actor.avatar_url,
            };
            let sent = self.posted(&posting, self.rest.execute_webhook(execution));
            match sent.await? {
                Ok(message) => {
                    return Ok(rpc::MessageSent {
                        message_id: message.id,
                    });
                }
                Err(RestError::NotFound { code: 10_015 }) => self.webhooks.forget(home),
                Err(error) => return Err(error.into()),
            }
        }
        let posting = Posting {
            id: nonce.clone(),
            channel,
            user: actor.user,
            mark: behalf::of_bot(bot, &nonce),
        };
        let content = by_bot(&actor.display_name, &post.content)?;
        let message = NewMessage {
            content: &content,
            nonce: &nonce,
        };
        let sent = self.posted(&posting, self.rest.create_message(channel, message));
        let message = sent.await??;
        Ok(rpc::MessageSent {
            message_id: message.id,
        })
    }

    /// Posts a message whose author the book knows before Discord does.
    async fn posted(
        &self,
        posting: &Posting,
        post: impl Future<Output = Result<Message, RestError>>,
    ) -> Result<Result<Message, RestError>, Failed> {
        if !self.book.posting(posting, POSTING).await? {
            return Err(refusal::busy().into());
        }
        let outcome = post.await;
        let noted = match &outcome {
            Ok(message) => self.book.posted(posting, message.id, POSTED).await,
            // It may show yet.
            Err(RestError::Unknown(_) | RestError::Unavailable(_) | RestError::Unintelligible) => {
                Ok(())
            }
            Err(_) => self.book.not_posted(posting).await,
        };
        if let Err(error) = noted {
            warn!(component = "Gateway", %error, "in whose name a message was posted is not written down");
        }
        Ok(outcome)
    }

    /// `addReaction`
    pub(super) async fn add_reaction(&self, react: &React) -> Result<rpc::Done, Failed> {
        let (channel, message) = (react.channel_id, react.message_id);
        self.rest
            .add_reaction(channel, message, &react.emoji)
            .await?;
        Ok(rpc::Done {})
    }

    /// `readMessages`
    pub(super) async fn read_messages(
        &self,
        held: &Held,
        read: &ReadMessages,
    ) -> Result<Messages, Failed> {
        let ReadMessages {
            guild_id: guild,
            channel_id: channel,
            before,
            limit,
        } = *read;
        let found = self.history.before(channel, before, limit).await?;
        let behalves = self.behalves.of_all(&found).await;
        let messages = held.look(guild, |state| {
            let told = found
                .iter()
                .filter_map(|message| told(state, &self.rules, message, &behalves));
            told.collect()
        });
        Ok(Messages {
            messages: messages.ok_or_else(refusal::not_found)?,
        })
    }
}

/// What the bot writes for somebody: the name first, none of it formatting. Together they have to be short enough for Discord.
///
/// What has more than one line, or blanks that may look like it, is a quotation up to its end (Discord, "Markdown Text 101":
/// `>>>`), out of which nothing leads: otherwise a line could begin with another name as if somebody else had written it.
fn by_bot(name: &str, content: &str) -> Result<String, LinkError> {
    let mut escaped = String::new();
    for character in name.chars() {
        if character.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    let mut blank_before = false;
    let is_one_line = content.chars().all(|character| {
        let blank = character.is_whitespace();
        let odd = character.is_control() || blank && (character != ' ' || blank_before);
        blank_before = blank;
        !odd
    });
    let prefix = if is_one_line {
        format!("**{escaped}**: ")
    } else {
        format!("**{escaped}**:\n>>> ")
    };
    let room = LONGEST.saturating_sub(prefix.chars().count());
    if content.chars().count() > room {
        let message =
            format!("may have {room} characters here, where the bot writes your name before it");
        return Err(refusal::field("content", "too-long", &message));
    }
    Ok(prefix + content)
}

/// The same for the same wish, so that Discord finds the message that it has already; nothing that anybody could guess.
fn nonce(actor: &Actor, idempotency_key: &str) -> String {
    let digest = Sha256::digest(format!("message\n{}\n{idempotency_key}", actor.user));
    let digits = digest.iter().map(|byte| format!("{byte:02x}"));
    digits.collect::<String>().chars().take(NONCE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bot_names_whom_it_writes_for_and_nobody_can_format_the_name() {
        assert_eq!(by_bot("Zoë", "hi").unwrap(), "**Zoë**: hi");
        let escaped = by_bot("a**_`b", "*hi*").unwrap();
        assert_eq!(escaped, "**a\\*\\*\\_\\`b**: *hi*");
    }

    #[test]
    fn no_line_of_somebodys_can_look_like_another_speakers() {
        assert_eq!(by_bot("Zoë", "a b").unwrap(), "**Zoë**: a b");
        for between in [
            "\n", "\r\n", "\r", "\u{2028}", "\u{85}", "\u{b}", "\t", "   ",
        ] {
            let content = format!("hi{between}**Mason**: I agree");
            let written = by_bot("Zoë", &content).unwrap();
            assert_eq!(written, format!("**Zoë**:\n>>> {content}"));
        }
        // The sign of a quotation within is text of the quotation.
        let written = by_bot("Zoë", ">>> a\n**Mason**: b").unwrap();
        assert_eq!(written, "**Zoë**:\n>>> >>> a\n**Mason**: b");
    }

    #[test]
    fn what_does_not_fit_behind_the_name_is_refused_and_not_cut() {
        let fits = by_bot("n", &"x".repeat(LONGEST - 7)).unwrap();
        assert_eq!(fits.chars().count(), LONGEST);
        let refused = by_bot("n", &"x".repeat(LONGEST - 6)).unwrap_err();
        assert_eq!(refused.status, 400);
        assert_eq!(refused.errors[0].field, "content");
    }
}
