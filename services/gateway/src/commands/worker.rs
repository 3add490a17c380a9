//! Carries out commands: who asks, may they, do it.

use std::{sync::Arc, time::SystemTime};

use contracts::{
    ChannelId, UserId,
    command::{Act, ReadAbilities},
    invite::InviteId,
    link::{Command, LinkError},
    rpc::ChannelAbilities,
};
use discord::{Rest, RestError};
use room_book::RoomBook;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::{
    abilities,
    actor::{Actor, Actors},
    authority::{self, Case},
    directory::{Directory, Held},
    guard,
    history::History,
    refusal::{self, Failed},
    seal::Seal,
    webhooks::Webhooks,
};
use crate::{behalf::Behalves, normalize::Rules};

/// What carrying out takes.
pub(super) struct Worker {
    pub(super) rest: Arc<Rest>,
    pub(super) book: Arc<dyn RoomBook>,
    pub(super) rules: Arc<Rules>,
    pub(super) webhooks: Webhooks,
    pub(super) history: History,
    pub(super) behalves: Behalves,
    directory: Arc<Directory>,
    seal: Seal,
    actors: Actors,
    bot: OnceCell<UserId>,
    application: OnceCell<UserId>,
}

impl Worker {
    pub(super) fn new(
        rest: Arc<Rest>,
        book: Arc<dyn RoomBook>,
        rules: Arc<Rules>,
        directory: Arc<Directory>,
        seal: Seal,
    ) -> Self {
        Self {
            webhooks: Webhooks::new(Arc::clone(&rest)),
            history: History::new(Arc::clone(&rest)),
            behalves: Behalves::new(Arc::clone(&book)),
            actors: Actors::new(Arc::clone(&rest), Arc::clone(&rules)),
            bot: OnceCell::new(),
            application: OnceCell::new(),
            rest,
            book,
            rules,
            directory,
            seal,
        }
    }

    /// Carries out a command, once.
    pub(super) async fn run(&self, command: &Command) -> Result<Box<RawValue>, LinkError> {
        let act = Act::read(command)
            .map_err(|error| LinkError::new(400, "invalid-command", error.to_string()))?;
        let Some(held) = self.directory.of(act.guild_id()) else {
            let message = "Another gateway holds the guild's shard.";
            return Err(LinkError::new(503, LinkError::ELSEWHERE, message));
        };
        let runner = Uuid::new_v4().to_string();
        let work = self.carry_out(&act, &held, command, &runner);
        if act.only_reads() {
            return work.await.map_err(|failed| failed.error);
        }
        guard::once(&self.book, &self.seal, command, &runner, work).await
    }

    async fn carry_out(
        &self,
        act: &Act,
        held: &Held,
        command: &Command,
        runner: &str,
    ) -> Result<Box<RawValue>, Failed> {
        let guild = act.guild_id();
        if held.look(guild, |_| ()).is_none() {
            return Err(unknown_guild(held).into());
        }
        let actor = self.actors.member(held, guild, command.actor).await?;
        let actor = actor.ok_or_else(refusal::not_a_member)?;
        self.authorize(act, held, &actor).await?;
        match act {
            Act::CreateRoom(make) => json(self.create_room(held, &actor, make, runner).await?),
            Act::JoinRoom(join) => json(self.join_room(held, &actor, join).await?),
            Act::ConnectUser(connect) => json(self.connect_user(held, &actor, connect).await?),
            Act::DeleteRoom(remove) => json(self.delete_room(held, &actor, remove).await?),
            Act::CreateInvite(make) => json(self.create_invite(&actor, make).await?),
            Act::RevokeInvite(end) => json(self.revoke_invite(end).await?),
            Act::SendMessage(post) => {
                let key = &command.idempotency_key;
                json(self.send_message(held, &actor, post, key).await?)
            }
            Act::AddReaction(react) => json(self.add_reaction(react).await?),
            Act::ReadMessages(read) => json(self.read_messages(held, read).await?),
            Act::ReadAbilities(read) => json(self.read_abilities(held, &actor, read).await?),
        }
    }

    async fn authorize(&self, act: &Act, held: &Held, actor: &Actor) -> Result<(), Failed> {
        let guild = act.guild_id();
        let target = self.target(act).await?;
        let room = match target {
            Some(channel) => self.book.room(guild, channel).await?,
            None => None,
        };
        let decided = held.look(guild, |state| {
            let now = unix_ms();
            let case = Case { state, actor, now };
            authority::authorize(act, target, room.as_ref(), &case)
        });
        Ok(decided.ok_or_else(refusal::not_found)??)
    }

    /// What the table grants the actor in a channel.
    async fn read_abilities(
        &self,
        held: &Held,
        actor: &Actor,
        read: &ReadAbilities,
    ) -> Result<ChannelAbilities, Failed> {
        let (guild_id, channel_id) = (read.guild_id, read.channel_id);
        let room = self.book.room(guild_id, channel_id).await?;
        let may = held.look(guild_id, |state| {
            let now = unix_ms();
            let case = Case { state, actor, now };
            abilities::granted(read, room.as_ref(), &case)
        });
        let may = may.ok_or_else(refusal::not_found)?;
        Ok(ChannelAbilities {
            guild_id,
            channel_id,
            may,
        })
    }

    /// The channel whose entry in the book decides.
    async fn target(&self, act: &Act) -> Result<Option<ChannelId>, Failed> {
        let of_invite = async |id: InviteId| {
            let found = self.book.invite(id).await?;
            Ok::<_, Failed>(found.map(|invite| invite.channel))
        };
        match act {
            Act::DeleteRoom(remove) => Ok(Some(remove.channel_id)),
            Act::CreateInvite(make) => Ok(Some(make.channel_id)),
            Act::RevokeInvite(end) if end.invite_id.guild() == end.guild_id => {
                of_invite(end.invite_id).await
            }
            _ => Ok(None),
        }
    }

    /// The bot's own user.
    pub(super) async fn bot(&self) -> Result<UserId, RestError> {
        let asked = self.bot.get_or_try_init(async || {
            let user = self.rest.current_user().await?;
            Ok(user.id)
        });
        asked.await.copied()
    }

    /// The bot's application, which owns its webhooks.
    pub(super) async fn application(&self) -> Result<UserId, RestError> {
        let asked = self.application.get_or_try_init(async || {
            let application = self.rest.current_application().await?;
            Ok(application.id)
        });
        asked.await.copied()
    }
}

/// A guild that nobody has told of: not yet, or the bot is not in it.
fn unknown_guild(held: &Held) -> LinkError {
    if held.connected() {
        return refusal::not_a_member();
    }
    let mut starting = LinkError::new(503, "gateway-starting", "The gateway is still connecting.");
    starting.retry_after_ms = Some(1_000);
    starting
}

fn json(result: impl Serialize) -> Result<Box<RawValue>, Failed> {
    to_raw_value(&result).map_err(|_| {
        let error = LinkError::new(502, "outcome-unknown", "The answer can't be written.");
        Failed::from(error).uncertain()
    })
}

fn unix_ms() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap_or_default().as_millis() as u64
}
