//! What users ask the gateway to do, against the simulated Discord.

mod cleanup;
mod entry;
mod once;
mod refusals;
mod rooms;
mod text;

use contracts::{
    ChannelId, EventId, UserId,
    command::{Act, MakeRoom, RoomMade},
    link::LinkError,
};
use link::CallError;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::stage::{Running, Stage};

impl Running {
    /// Asks for something under a key.
    async fn ask_as(&self, key: &str, actor: UserId, act: &Act) -> Result<Value, LinkError> {
        let command = act.command(actor, key.to_owned()).unwrap();
        match self.commands.call(command).await {
            Ok(result) => Ok(serde_json::from_str(result.get()).unwrap()),
            Err(CallError::Refused(error)) => Err(error),
            Err(other) => panic!("{other}"),
        }
    }

    /// Asks for something that must be done.
    async fn done<T: DeserializeOwned>(&self, actor: UserId, act: &Act) -> T {
        let result = self.ask_as(&fresh_key(), actor, act).await;
        serde_json::from_value(result.unwrap()).unwrap()
    }

    /// Asks for something that may be refused: status and code, `(200, "")` if it is done.
    async fn refused_or_done(&self, actor: UserId, act: &Act) -> (u16, String) {
        match self.ask_as(&fresh_key(), actor, act).await {
            Ok(_) => (200, String::new()),
            Err(refused) => (refused.status, refused.code),
        }
    }

    /// Asks for something that must be refused: status and code.
    async fn refused(&self, actor: UserId, act: &Act) -> (u16, String) {
        let refused = self.ask_as(&fresh_key(), actor, act).await.unwrap_err();
        (refused.status, refused.code)
    }
}

impl Stage {
    fn user_id(&self, name: &str) -> UserId {
        self.user(name).parse().unwrap()
    }

    fn channel_id(&self, name: &str) -> ChannelId {
        self.channel(name).parse().unwrap()
    }

    /// Waits until the gateway has told of something since.
    async fn known_since(&self, since: EventId) {
        crate::stage::until("the gateway knows", async || {
            !self.entries(since).await.is_empty()
        })
        .await;
    }

    /// A channel as the simulator has it; `None` = there is none.
    fn simulated_channel(&self, id: ChannelId) -> Option<Value> {
        let guild = self.simulated();
        let channels = guild["channels"].as_array().unwrap();
        let found = channels
            .iter()
            .find(|channel| channel["id"] == id.to_string());
        found.cloned()
    }

    /// Where somebody is in voice.
    fn voice(&self, user: UserId) -> Option<ChannelId> {
        let guild = self.simulated();
        let voices = guild["voice"].as_array().unwrap();
        let voice = voices
            .iter()
            .find(|voice| voice["user"] == user.to_string())?;
        voice["channel"].as_str().map(|id| id.parse().unwrap())
    }

    fn make_room(&self, name: &str) -> Act {
        Act::CreateRoom(MakeRoom {
            guild_id: self.guild,
            name: name.to_owned(),
            user_limit: 5,
            category_id: None,
            creator_roles: Vec::new(),
            max_rooms: 2,
        })
    }
}

async fn room(stage: &Stage, gateway: &Running, owner: &str) -> RoomMade {
    let owner = stage.user_id(owner);
    gateway.done(owner, &stage.make_room("a room")).await
}

fn fresh_key() -> String {
    format!("{:032x}", rand::random::<u128>())
}
