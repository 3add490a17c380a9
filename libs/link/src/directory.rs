use async_trait::async_trait;
use contracts::GuildId;

/// Knows which gateway holds the shard of a guild.
#[async_trait]
pub trait Directory: Send + Sync + 'static {
    /// The address of its LINK; `None` = nobody holds the shard at the moment, or whoever does serves no LINK. With `anew`
    /// an answer that was kept is not good enough. An error says why nobody can tell.
    async fn gateway_of(&self, guild: GuildId, anew: bool) -> Result<Option<String>, String>;
}

/// There is one address, whoever holds the shard.
#[derive(Debug, Clone)]
pub struct OneGateway(pub String);

#[async_trait]
impl Directory for OneGateway {
    async fn gateway_of(&self, _guild: GuildId, _anew: bool) -> Result<Option<String>, String> {
        Ok(Some(self.0.clone()))
    }
}
