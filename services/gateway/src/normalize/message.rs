use std::collections::BTreeMap;

use contracts::{
    ChannelId, Event, MessageId, UserId,
    event::{Attachment, Author, MessageCreated, MessageDeleted, MessageUpdated},
};
use discord::{Intents, model};

use super::{Draft, Rules, face::Face, member};
use crate::state::GuildState;

/// Discord's number of a message that answers another one.
const REPLY: u64 = 19;

/// `MESSAGE_CREATE`.
pub(super) fn create(draft: &mut Draft<'_>, message: &model::Message) {
    learn(draft, message);
    if let Some(event) = told(draft.state, draft.rules(), message, draft.behalves()) {
        draft.tell(&Event::MessageCreated(event));
    }
}

/// A message as browsers are told of it, new or read back; `None` if nobody wrote it.
pub(crate) fn told(
    state: &GuildState,
    rules: &Rules,
    message: &model::Message,
    behalves: &BTreeMap<MessageId, UserId>,
) -> Option<MessageCreated> {
    let reference = message
        .message_reference
        .as_ref()
        .filter(|_| message.kind == REPLY);
    Some(MessageCreated {
        guild_id: state.guild().id,
        channel_id: message.channel_id,
        message_id: message.id,
        author: author(state, rules, message, behalves)?,
        content: content(rules, message),
        attachments: attachments(message),
        created_at: created_at(message),
        reply_to: reference.and_then(|reference| reference.message_id),
    })
}

/// `MESSAGE_UPDATE`. It also comes when Discord adds a preview of a link, pins the message or
/// crossposts it: without a new time of editing nothing of what we tell has changed.
pub(super) fn update(draft: &mut Draft<'_>, message: &model::Message) {
    let Some(edited_at) = message.edited_timestamp.map(model::Timestamp::unix_ms) else {
        return;
    };
    if message.content.is_none() || draft.state.edits.value(message.id) == Some(&edited_at) {
        return;
    }
    learn(draft, message);
    let Some(author) = author(draft.state, draft.rules(), message, draft.behalves()) else {
        return;
    };
    draft.state.edits.insert(message.id, edited_at);
    let event = MessageUpdated {
        guild_id: draft.guild_id(),
        channel_id: message.channel_id,
        message_id: message.id,
        author,
        content: content(draft.rules(), message),
        attachments: attachments(message),
        created_at: created_at(message),
        edited_at: Some(edited_at),
    };
    draft.tell(&Event::MessageUpdated(event));
}

/// `MESSAGE_DELETE`, and each of `MESSAGE_DELETE_BULK`.
pub(super) fn delete(draft: &mut Draft<'_>, channel_id: ChannelId, message_id: MessageId) {
    let guild_id = draft.guild_id();
    draft.state.edits.remove(message_id);
    draft.redact(message_id);
    draft.tell(&Event::MessageDeleted(MessageDeleted {
        guild_id,
        channel_id,
        message_id,
    }));
}

/// Takes up what a message says of its author. A webhook is no user and has no membership.
fn learn(draft: &mut Draft<'_>, message: &model::Message) {
    if message.webhook_id.is_none() && message.member.is_some() {
        member::learn(draft, message.author.as_ref(), message.member.as_ref());
    }
}

/// Who wrote it.
fn author(
    state: &GuildState,
    rules: &Rules,
    message: &model::Message,
    behalves: &BTreeMap<MessageId, UserId>,
) -> Option<Author> {
    let user = message.author.as_ref()?;
    let webhook = message.webhook_id.is_some();
    let member = message.member.as_ref();
    let face = match state.member(user.id).filter(|_| !webhook) {
        Some(member) => Face::from(member),
        None => Face::of(&rules.cdn_url, state.guild().id, user, member),
    };
    Some(Author {
        user_id: user.id,
        username: face.username,
        display_name: face.display_name,
        avatar: face.avatar,
        avatar_url: face.avatar_url,
        bot: user.bot || webhook,
        on_behalf_of: behalves.get(&message.id).copied(),
    })
}

/// The text. Without the intent Discord blanks it, except where the bot wrote it or is mentioned.
fn content(rules: &Rules, message: &model::Message) -> Option<String> {
    let blanked = !rules.intents.contains(Intents::MESSAGE_CONTENT);
    message
        .content
        .clone()
        .filter(|text| !(blanked && text.is_empty()))
}

fn attachments(message: &model::Message) -> Vec<Attachment> {
    let files = message.attachments.iter().map(|file| Attachment {
        id: file.id.to_string(),
        filename: file.filename.clone(),
        content_type: file.content_type.clone(),
        size: file.size,
        url: file.url.clone(),
    });
    files.collect()
}

fn created_at(message: &model::Message) -> u64 {
    message
        .timestamp
        .map_or(message.id.created_at(), model::Timestamp::unix_ms)
}
