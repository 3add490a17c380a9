//! Writing messages. Source: the page Message, "Create Message", "Allowed Mentions".

use serde_json::Value;

use super::{Author, Channel, Guild, Id, Message, Refusal, World};

/// Most messages kept in a channel; the oldest are forgotten.
const MESSAGES_PER_CHANNEL: usize = 1_000;

/// For how long a nonce finds the message that was made with it, in ms.
const NONCE_LIFE: u64 = 5 * 60 * 1_000;

/// A message to be written.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) author: Author,
    pub(crate) content: String,
    pub(crate) nonce: Option<Value>,
    pub(crate) enforce_nonce: bool,
    pub(crate) embeds: Vec<Value>,
    pub(crate) attachments: Vec<Value>,
    pub(crate) reference: Option<Id>,
    pub(crate) flags: u64,
    pub(crate) mentions: AllowedMentions,
}

/// Which mentions in a message take effect.
#[derive(Debug, Clone)]
pub(crate) struct AllowedMentions {
    pub(crate) all_users: bool,
    pub(crate) all_roles: bool,
    pub(crate) everyone: bool,
    pub(crate) users: Vec<Id>,
    pub(crate) roles: Vec<Id>,
}

impl AllowedMentions {
    /// Discord's default: everything in the text takes effect.
    pub(crate) fn all() -> Self {
        Self {
            all_users: true,
            all_roles: true,
            everyone: true,
            users: Vec::new(),
            roles: Vec::new(),
        }
    }
}

impl Draft {
    pub(crate) fn text(author: Author, content: impl Into<String>) -> Self {
        Self {
            author,
            content: content.into(),
            nonce: None,
            enforce_nonce: false,
            embeds: Vec::new(),
            attachments: Vec::new(),
            reference: None,
            flags: 0,
            mentions: AllowedMentions::all(),
        }
    }
}

impl World {
    /// Writes a message; with `enforce_nonce`, the one already written with the same nonce is found.
    pub(crate) fn post(&mut self, channel: Id, draft: Draft) -> Result<Id, Refusal> {
        let id = self.next_id();
        let (guild, found) = self.channel(channel)?;
        if !found.has_text() {
            return Err(Refusal::non_text_channel());
        }
        if draft.content.is_empty() && draft.embeds.is_empty() && draft.attachments.is_empty() {
            return Err(Refusal::empty_message());
        }
        if draft.enforce_nonce
            && let Some(twin) = twin(found, &draft, id)
        {
            return Ok(twin);
        }
        if draft
            .reference
            .is_some_and(|reference| !found.messages.contains_key(&reference))
        {
            let code = "REPLIES_UNKNOWN_MESSAGE";
            return Err(Refusal::form("message_reference", code, "Unknown message"));
        }
        let message = mentioning(guild, id, draft);
        self.enter_thread(channel, &message.author)?;
        let state = self.channel_mut(channel)?;
        state.last_message = Some(id);
        if let Some(thread) = &mut state.thread {
            thread.messages_sent += 1;
        }
        state.messages.insert(id, message);
        if state.messages.len() > MESSAGES_PER_CHANNEL {
            state.messages.pop_first();
        }
        self.tell_message("MESSAGE_CREATE", channel, id)?;
        Ok(id)
    }
}

/// The message that was made with the same nonce by the same author not long ago.
fn twin(channel: &Channel, draft: &Draft, now: Id) -> Option<Id> {
    let nonce = draft.nonce.as_ref()?;
    channel
        .messages
        .values()
        .rev()
        .take_while(|message| {
            now.unix_millis().saturating_sub(message.id.unix_millis()) < NONCE_LIFE
        })
        .find(|message| message.nonce.as_ref() == Some(nonce) && message.author == draft.author)
        .map(|message| message.id)
}

fn mentioning(guild: &Guild, id: Id, draft: Draft) -> Message {
    let allowed = &draft.mentions;
    let users = ids_after(&draft.content, &["<@", "<@!"])
        .filter(|id| guild.members.contains_key(id))
        .filter(|id| allowed.all_users || allowed.users.contains(id))
        .collect();
    let roles = ids_after(&draft.content, &["<@&"])
        .filter(|id| guild.roles.contains_key(id))
        .filter(|id| allowed.all_roles || allowed.roles.contains(id))
        .collect();
    let everyone = draft.content.contains("@everyone") || draft.content.contains("@here");
    Message {
        id,
        mentions: users,
        mention_roles: roles,
        mention_everyone: everyone && allowed.everyone,
        author: draft.author,
        content: draft.content,
        edited: None,
        nonce: draft.nonce,
        attachments: draft.attachments,
        embeds: draft.embeds,
        reactions: Vec::new(),
        reference: draft.reference,
        flags: draft.flags,
        pinned: false,
    }
}

/// The ids of mentions that begin with one of these marks and end in `>`.
fn ids_after<'a>(text: &'a str, marks: &'a [&str]) -> impl Iterator<Item = Id> {
    marks.iter().flat_map(|mark| {
        text.split(*mark)
            .skip(1)
            .filter_map(|rest| rest.split_once('>')?.0.parse().ok())
    })
}
