use contracts::GuildId;
use discord::ShardId;
use event_bus::{BusError, EventBus, GuildCut, StateOp};

use super::Guilds;

/// How many guilds are read in one snapshot: a cut of everything at once would hold the bus up.
const LOAD_PAGE: usize = 50;

impl Guilds {
    /// The stored guilds of a shard.
    pub async fn load(bus: &dyn EventBus, shard: ShardId) -> Result<Self, BusError> {
        let mut ids: Vec<GuildId> = bus.all_guilds().await?;
        ids.retain(|guild| ShardId::of(*guild, shard.count) == shard.id);
        let mut guilds = Self::default();
        for page in ids.chunks(LOAD_PAGE) {
            for cut in bus.snapshot(page).await?.guilds {
                guilds.restore(cut);
            }
        }
        Ok(guilds)
    }

    /// A guild as it is stored.
    pub(crate) fn restore(&mut self, cut: GuildCut) {
        let stored = cut.state;
        let state = self.begin(stored.guild);
        state.position = Some(cut.position);
        state.told_until = cut.last.ms;
        let ops = (stored.roles.into_iter().map(StateOp::SetRole))
            .chain(stored.channels.into_iter().map(StateOp::SetChannel))
            .chain(stored.members.into_iter().map(StateOp::SetMember))
            .chain(stored.voice.into_iter().map(StateOp::SetVoice));
        for op in ops {
            state.apply(&op);
        }
    }
}
