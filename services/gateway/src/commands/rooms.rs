//! Rooms are made and removed.

use contracts::{
    ChannelId, GuildId, UserId,
    command::{EndInvite, InviteMade, MakeInvite, MakeRoom, RemoveRoom, RoomMade},
    invite::InviteToken,
    link::LinkError,
    rpc,
};
use discord::{
    model::{Channel, OverwriteTarget, PermissionOverwrite},
    rest::{AuditReason, NewRoom},
};
use permissions::Permissions;
use rand::random;
use room_book::{BookError, Invited, NewInvite};
use tracing::{info, warn};

use super::{
    actor::Actor,
    directory::Held,
    refusal::{self, Failed},
    worker::Worker,
};

/// How long a place is kept while Discord makes the room; longer than any request takes.
const RESERVATION: std::time::Duration = std::time::Duration::from_mins(2);

/// What is taken from everybody and given to those who may come in.
pub(super) const ENTRY: Permissions = Permissions::VIEW_CHANNEL.union(Permissions::CONNECT);

/// What the bot gives itself, so that it does not lock itself out.
const OWN: Permissions = ENTRY
    .union(Permissions::MANAGE_CHANNELS)
    .union(Permissions::MOVE_MEMBERS);

impl Worker {
    /// `createRoom`: reserve, make, enter, invite.
    pub(super) async fn create_room(
        &self,
        held: &Held,
        actor: &Actor,
        make: &MakeRoom,
        runner: &str,
    ) -> Result<RoomMade, Failed> {
        let guild = make.guild_id;
        let bot = self.bot().await?;
        let book = &self.book;
        let reserved = book.reserve(guild, actor.user, runner, make.max_rooms, RESERVATION);
        if !reserved.await? {
            let message = "You have as many rooms as anybody may have here.";
            return Err(LinkError::new(409, "too-many-rooms", message).into());
        }
        let overwrites = private(guild, bot, actor.user);
        let room = NewRoom {
            name: &make.name,
            user_limit: make.user_limit,
            parent: make.category_id,
            overwrites: &overwrites,
        };
        let reason = reason("createRoom", actor);
        let made = match self.rest.create_room(guild, &room, &reason).await {
            Ok(made) => made,
            Err(error) => {
                let failed = Failed::from(error);
                // If it may have been made, the place stays taken until the reservation has run out.
                if failed.certain
                    && let Err(error) = book.give_back(guild, runner).await
                {
                    warn!(component = "Gateway", guild_id = %guild, %error, "a reserved place is not given back; it runs out");
                }
                return Err(failed);
            }
        };
        match self.enter(guild, &made, actor.user, runner).await {
            Ok(invite_token) => {
                held.settled(guild, |state| state.channel(made.id).is_some())
                    .await;
                Ok(RoomMade {
                    channel_id: made.id,
                    invite_token,
                })
            }
            Err(error) => Err(self.unmake(guild, made.id, runner, error).await),
        }
    }

    /// Puts a room that was made into the book, with its first invite.
    async fn enter(
        &self,
        guild: GuildId,
        made: &Channel,
        owner: UserId,
        reservation: &str,
    ) -> Result<InviteToken, BookError> {
        let room = room_book::NewRoom {
            guild,
            channel: made.id,
            owner,
        };
        self.book.enter(room, reservation).await?;
        let token = InviteToken::new(guild, random());
        let invite = NewInvite {
            token: &token,
            channel: made.id,
            maker: owner,
            expires_in: None,
            max_uses: None,
        };
        match self.book.add_invite(&invite).await? {
            Invited::Entered(_) => Ok(token),
            Invited::Full | Invited::NoRoom => Err(BookError::Unreadable),
        }
    }

    /// A room that is not in the book would be nobody's: it goes again.
    async fn unmake(
        &self,
        guild: GuildId,
        channel: ChannelId,
        reservation: &str,
        error: BookError,
    ) -> Failed {
        let reason = AuditReason::new("Fanfare: the room could not be entered into its book");
        let removed = self.rest.delete_channel(channel, &reason).await;
        // What was written all the same is forgotten, here or when the sweep finds that the channel is gone.
        let forgotten = self.book.forget(guild, channel).await;
        let given_back = self.book.give_back(guild, reservation).await;
        warn!(component = "Gateway", guild_id = %guild, channel_id = %channel, removed = removed.is_ok(),
            forgotten = forgotten.is_ok() && given_back.is_ok(), "a room could not be entered and was removed again");
        let failed = Failed::from(error);
        if removed.is_ok() {
            failed
        } else {
            failed.uncertain()
        }
    }

    /// `deleteRoom`
    pub(super) async fn delete_room(
        &self,
        held: &Held,
        actor: &Actor,
        remove: &RemoveRoom,
    ) -> Result<rpc::Done, Failed> {
        let (guild, channel) = (remove.guild_id, remove.channel_id);
        let reason = reason("deleteRoom", actor);
        self.rest.delete_channel(channel, &reason).await?;
        if let Err(error) = self.book.forget(guild, channel).await {
            // The sweep finds that the channel is gone.
            info!(component = "Gateway", guild_id = %guild, channel_id = %channel, %error, "a room that is gone is not forgotten yet");
        }
        held.settled(guild, |state| state.channel(channel).is_none())
            .await;
        Ok(rpc::Done {})
    }

    /// `createInvite`
    pub(super) async fn create_invite(
        &self,
        actor: &Actor,
        make: &MakeInvite,
    ) -> Result<InviteMade, Failed> {
        let token = InviteToken::new(make.guild_id, random());
        let invite = NewInvite {
            token: &token,
            channel: make.channel_id,
            maker: actor.user,
            expires_in: make
                .expires_in
                .map(|seconds| std::time::Duration::from_secs(seconds.into())),
            max_uses: make.max_uses,
        };
        match self.book.add_invite(&invite).await {
            Ok(Invited::Entered(invite_id)) => Ok(InviteMade {
                invite_id,
                invite_token: token,
            }),
            Ok(Invited::NoRoom) => Err(refusal::not_found().into()),
            Ok(Invited::Full) => {
                let message = "The room has as many invites as it may have: revoke one first.";
                Err(LinkError::new(409, "too-many-invites", message).into())
            }
            Err(BookError::TooMuch(_)) => {
                let error = refusal::field("maxUses", "out-of-range", "is not possible");
                Err(error.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// `revokeInvite`
    pub(super) async fn revoke_invite(&self, end: &EndInvite) -> Result<rpc::Done, Failed> {
        self.book.revoke(end.invite_id).await?;
        Ok(rpc::Done {})
    }
}

/// Who may come in (Discord, "Permission Overwrites"): the bot's own entry first, then nobody, then the owner.
fn private(guild: GuildId, bot: UserId, owner: UserId) -> [PermissionOverwrite; 3] {
    let member = |user, allow: Permissions| PermissionOverwrite {
        target: OverwriteTarget::Member(user),
        allow: allow.bits(),
        deny: 0,
    };
    let everyone = PermissionOverwrite {
        target: OverwriteTarget::Role(guild.everyone()),
        allow: 0,
        deny: ENTRY.bits(),
    };
    [member(bot, OWN), everyone, member(owner, ENTRY)]
}

/// What the audit log says: which function, for whom.
pub(super) fn reason(function: &str, actor: &Actor) -> AuditReason {
    let Actor { username, user, .. } = actor;
    AuditReason::new(&format!("Fanfare: {function} for {username} ({user})"))
}
