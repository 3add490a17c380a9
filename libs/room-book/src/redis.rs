mod scripts;

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use contracts::{
    ChannelId, GuildId, MessageId, UserId,
    invite::{InviteId, InviteToken},
};
use fred::{
    prelude::{HashesInterface, KeysInterface},
    types::{FromValue, Value, scripts::Script},
};
use redis_link::{RedisConfig, RedisLink, Role};

use crate::{
    Begun, Behalf, BookError, CommandKey, INVITES_PER_ROOM, Invite, Invited, LONGEST_ANSWER,
    NewInvite, NewRoom, POSTINGS_PER_CHANNEL, Posting, ROOMS_PER_GUILD, Room, RoomBook,
    invite::{hashed, invite_id},
};

/// The book of a deployment, in its Redis.
#[derive(Debug, Clone)]
pub struct RedisBook {
    link: RedisLink,
}

impl RedisBook {
    /// A book that answers errors until Redis can be reached.
    pub fn connect(redis: &RedisConfig) -> Self {
        Self {
            link: RedisLink::connect(redis, Role::Rooms),
        }
    }

    /// Runs a script that makes its keys of the prefix; all are in one slot, which the one key names.
    async fn run<R: FromValue>(
        &self,
        script: &Script,
        arguments: impl IntoIterator<Item = String>,
    ) -> Result<R, BookError> {
        let prefix = std::iter::once(self.link.key(""));
        let all = prefix.chain(arguments).map(Value::from);
        self.link
            .run(script, &self.link.key("book"), all)
            .await
            .map_err(unavailable)
    }

    async fn done(
        &self,
        script: &Script,
        arguments: impl IntoIterator<Item = String>,
    ) -> Result<(), BookError> {
        self.run::<u64>(script, arguments).await.map(drop)
    }

    fn rooms_key(&self, guild: GuildId) -> String {
        self.link.key(&format!("book:{guild}:rooms"))
    }

    async fn valid(
        &self,
        id: InviteId,
        hash: String,
        user: Option<UserId>,
        count: bool,
    ) -> Result<Option<Invite>, BookError> {
        let user = user.map(|user| user.to_string()).unwrap_or_default();
        let arguments = [id.to_string(), hash, user, u8::from(count).to_string()];
        let fields: Vec<String> = self.run(&scripts::USE_INVITE, arguments).await?;
        let [channel, maker] = fields.as_slice() else {
            return Ok(None);
        };
        Ok(Some(Invite {
            id,
            channel: parsed(channel)?,
            maker: parsed(maker)?,
        }))
    }
}

#[async_trait]
impl RoomBook for RedisBook {
    async fn reserve(
        &self,
        guild: GuildId,
        owner: UserId,
        reservation: &str,
        most: u32,
        ttl: Duration,
    ) -> Result<bool, BookError> {
        let arguments = [
            guild.to_string(),
            owner.to_string(),
            reservation.to_owned(),
            most.to_string(),
            ROOMS_PER_GUILD.to_string(),
            ms(ttl),
        ];
        self.run(&scripts::RESERVE, arguments).await
    }

    async fn give_back(&self, guild: GuildId, reservation: &str) -> Result<(), BookError> {
        let key = self.link.key(&format!("book:{guild}:reserved"));
        let gone: Result<u64, _> = self.link.client().hdel(key, reservation).await;
        self.link.noted(gone).map(drop).map_err(unavailable)
    }

    async fn enter(&self, room: NewRoom, reservation: &str) -> Result<(), BookError> {
        let arguments = [
            room.guild.to_string(),
            room.channel.to_string(),
            room.owner.to_string(),
            reservation.to_owned(),
        ];
        self.done(&scripts::ENTER, arguments).await
    }

    async fn room(&self, guild: GuildId, channel: ChannelId) -> Result<Option<Room>, BookError> {
        let field = channel.to_string();
        let read = self.link.client().hget(self.rooms_key(guild), field).await;
        let stored: Option<String> = self.link.noted(read).map_err(unavailable)?;
        stored.map(|text| room(guild, channel, &text)).transpose()
    }

    async fn rooms(&self, guild: GuildId) -> Result<Vec<Room>, BookError> {
        let read = self.link.client().hgetall(self.rooms_key(guild)).await;
        let stored: BTreeMap<String, String> = self.link.noted(read).map_err(unavailable)?;
        let mut rooms = stored
            .iter()
            .map(|(channel, text)| room(guild, parsed(channel)?, text))
            .collect::<Result<Vec<_>, _>>()?;
        rooms.sort_unstable_by_key(|room| room.channel);
        Ok(rooms)
    }

    async fn forget(&self, guild: GuildId, channel: ChannelId) -> Result<(), BookError> {
        let arguments = [guild.to_string(), channel.to_string()];
        self.done(&scripts::FORGET, arguments).await
    }

    async fn occupied(&self, guild: GuildId, channel: ChannelId) -> Result<(), BookError> {
        let arguments = [guild.to_string(), channel.to_string()];
        self.done(&scripts::OCCUPIED, arguments).await
    }

    async fn empty(
        &self,
        guild: GuildId,
        channel: ChannelId,
        left: Option<Duration>,
    ) -> Result<Option<Duration>, BookError> {
        let left = left.map(ms).unwrap_or_default();
        let arguments = [guild.to_string(), channel.to_string(), left];
        let fields: Vec<String> = self.run(&scripts::EMPTY, arguments).await?;
        let since = fields.first().map(|text| parsed(text)).transpose()?;
        Ok(since.map(Duration::from_millis))
    }

    async fn claim_removal(
        &self,
        guild: GuildId,
        channel: ChannelId,
        empty_for: Duration,
        claimant: &str,
        ttl: Duration,
    ) -> Result<bool, BookError> {
        let arguments = [
            guild.to_string(),
            channel.to_string(),
            ms(empty_for),
            claimant.to_owned(),
            ms(ttl),
        ];
        self.run(&scripts::CLAIM_REMOVAL, arguments).await
    }

    async fn add_invite(&self, invite: &NewInvite<'_>) -> Result<Invited, BookError> {
        invite.check()?;
        let id = invite_id(invite.token);
        let arguments = [
            id.guild().to_string(),
            invite.channel.to_string(),
            id.to_string(),
            hashed(invite.token),
            invite.maker.to_string(),
            invite.expires_in.map(ms).unwrap_or_default(),
            invite
                .max_uses
                .map(|uses| uses.to_string())
                .unwrap_or_default(),
            INVITES_PER_ROOM.to_string(),
        ];
        let outcome: String = self.run(&scripts::ADD_INVITE, arguments).await?;
        match outcome.as_str() {
            "entered" => Ok(Invited::Entered(id)),
            "full" => Ok(Invited::Full),
            "no-room" => Ok(Invited::NoRoom),
            _ => Err(BookError::Unreadable),
        }
    }

    async fn find_invite(
        &self,
        token: &InviteToken,
        user: UserId,
    ) -> Result<Option<Invite>, BookError> {
        self.valid(invite_id(token), hashed(token), Some(user), false)
            .await
    }

    async fn use_invite(
        &self,
        token: &InviteToken,
        user: UserId,
    ) -> Result<Option<Invite>, BookError> {
        self.valid(invite_id(token), hashed(token), Some(user), true)
            .await
    }

    async fn invite(&self, id: InviteId) -> Result<Option<Invite>, BookError> {
        self.valid(id, String::new(), None, false).await
    }

    async fn revoke(&self, id: InviteId) -> Result<(), BookError> {
        self.done(&scripts::REVOKE, [id.to_string()]).await
    }

    async fn begin(
        &self,
        key: &CommandKey,
        runner: &str,
        ttl: Duration,
    ) -> Result<Begun, BookError> {
        let arguments = [
            key.key().to_owned(),
            key.content().to_owned(),
            runner.to_owned(),
            ms(ttl),
        ];
        let fields: Vec<String> = self.run(&scripts::BEGIN, arguments).await?;
        let mut fields = fields.into_iter();
        match (fields.next().as_deref(), fields.next()) {
            (Some("new"), None) => Ok(Begun::New),
            (Some("under-way"), None) => Ok(Begun::UnderWay),
            (Some("another"), None) => Ok(Begun::Another),
            (Some("done"), Some(answer)) => Ok(Begun::Done { answer }),
            _ => Err(BookError::Unreadable),
        }
    }

    async fn finish(
        &self,
        key: &CommandKey,
        runner: &str,
        answer: &str,
        ttl: Duration,
    ) -> Result<(), BookError> {
        if answer.len() > LONGEST_ANSWER {
            return Err(BookError::TooMuch("the answer"));
        }
        let arguments = [
            key.key().to_owned(),
            key.content().to_owned(),
            runner.to_owned(),
            answer.to_owned(),
            ms(ttl),
        ];
        self.done(&scripts::FINISH, arguments).await
    }

    async fn abandon(&self, key: &CommandKey, runner: &str) -> Result<(), BookError> {
        let arguments = [key.key().to_owned(), runner.to_owned()];
        self.done(&scripts::ABANDON, arguments).await
    }

    async fn posting(&self, posting: &Posting, ttl: Duration) -> Result<bool, BookError> {
        let arguments = [
            posting.channel.to_string(),
            posting.id.clone(),
            posting.user.to_string(),
            posting.mark.clone(),
            ms(ttl),
            POSTINGS_PER_CHANNEL.to_string(),
        ];
        self.run(&scripts::POSTING, arguments).await
    }

    async fn posted(
        &self,
        posting: &Posting,
        message: MessageId,
        ttl: Duration,
    ) -> Result<(), BookError> {
        let arguments = [
            posting.channel.to_string(),
            posting.id.clone(),
            message.to_string(),
            posting.user.to_string(),
            ms(ttl),
        ];
        self.done(&scripts::POSTED, arguments).await
    }

    async fn not_posted(&self, posting: &Posting) -> Result<(), BookError> {
        let arguments = [
            posting.channel.to_string(),
            posting.id.clone(),
            String::new(),
        ];
        self.done(&scripts::POSTED, arguments).await
    }

    async fn behalf(
        &self,
        channel: ChannelId,
        message: MessageId,
        mark: &str,
        ttl: Duration,
    ) -> Result<Behalf, BookError> {
        let arguments = [
            channel.to_string(),
            message.to_string(),
            mark.to_owned(),
            ms(ttl),
        ];
        let answer: String = self.run(&scripts::BEHALF, arguments).await?;
        match answer.as_str() {
            "" => Ok(Behalf::Nobody),
            "unclear" => Ok(Behalf::Unclear),
            user => Ok(Behalf::Of(parsed(user)?)),
        }
    }

    async fn behalves(
        &self,
        messages: &[MessageId],
    ) -> Result<BTreeMap<MessageId, UserId>, BookError> {
        if messages.is_empty() {
            return Ok(BTreeMap::new());
        }
        let key = |message: &MessageId| self.link.key(&format!("book:posted:{message}"));
        let keys: Vec<String> = messages.iter().map(key).collect();
        let read = self.link.client().mget(keys).await;
        let users: Vec<Option<String>> = self.link.noted(read).map_err(unavailable)?;
        let known = messages.iter().zip(users);
        known
            .filter_map(|(message, user)| Some((*message, user?)))
            .map(|(message, user)| Ok((message, parsed(&user)?)))
            .collect()
    }
}

/// A room as it is stored: `owner made empty`, see `base.lua`.
fn room(guild: GuildId, channel: ChannelId, stored: &str) -> Result<Room, BookError> {
    let mut fields = stored.split(' ');
    let mut next = || fields.next().ok_or(BookError::Unreadable);
    let (owner, made_at, empty): (UserId, u64, u64) =
        (parsed(next()?)?, parsed(next()?)?, parsed(next()?)?);
    Ok(Room {
        guild,
        channel,
        owner,
        made_at,
        empty_since: (empty != 0).then_some(empty),
    })
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, BookError> {
    text.parse().map_err(|_| BookError::Unreadable)
}

fn ms(duration: Duration) -> String {
    duration.as_millis().max(1).to_string()
}

fn unavailable(error: fred::error::Error) -> BookError {
    BookError::Unavailable(Box::new(error))
}
