use contracts::{GuildId, UserId, state};
use discord::model;

/// The name of somebody of whom Discord told nothing else than an id.
pub(crate) const UNKNOWN: &str = "Unknown user";

/// Edge of the images in pixels (Discord: a power of two from 16 to 4096).
const AVATAR_SIZE: u32 = 128;

/// How somebody looks in a guild.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Face {
    pub(crate) username: String,
    pub(crate) display_name: String,
    pub(crate) avatar: Option<String>,
    pub(crate) avatar_url: String,
}

impl Face {
    /// From what a dispatch says of the user, and of the membership where there is one.
    pub(crate) fn of(
        cdn: &str,
        guild: GuildId,
        user: &model::User,
        member: Option<&model::Member>,
    ) -> Self {
        let named = |name: &str| if name.is_empty() { UNKNOWN } else { name }.to_owned();
        let display_name = match member {
            Some(member) => member.display_name(user),
            None => user.global_name.as_deref().unwrap_or(&user.username),
        };
        let id = user.id;
        let of_member = member.and_then(|member| member.avatar.as_deref());
        let avatar_url = match (of_member, user.avatar.as_deref()) {
            (Some(hash), _) => {
                format!("{cdn}/guilds/{guild}/users/{id}/avatars/{hash}.png?size={AVATAR_SIZE}")
            }
            (None, Some(hash)) => format!("{cdn}/avatars/{id}/{hash}.png?size={AVATAR_SIZE}"),
            (None, None) => fallback(cdn, id, &user.discriminator),
        };
        Self {
            username: named(&user.username),
            display_name: named(display_name),
            avatar: user.avatar.clone(),
            avatar_url,
        }
    }

    /// Of somebody known by id only.
    pub(crate) fn unknown(cdn: &str, user: UserId) -> Self {
        Self {
            username: UNKNOWN.to_owned(),
            display_name: UNKNOWN.to_owned(),
            avatar: None,
            avatar_url: fallback(cdn, user, "0"),
        }
    }
}

impl From<&state::Member> for Face {
    fn from(member: &state::Member) -> Self {
        Self {
            username: member.username.clone(),
            display_name: member.display_name.clone(),
            avatar: member.avatar.clone(),
            avatar_url: member.avatar_url.clone(),
        }
    }
}

/// The image of those who chose none (Discord, "CDN Endpoints", default user avatar).
fn fallback(cdn: &str, user: UserId, discriminator: &str) -> String {
    let number = match discriminator.parse::<u64>() {
        Ok(legacy) if legacy != 0 => legacy % 5,
        _ => (user.get() >> 22) % 6,
    };
    format!("{cdn}/embed/avatars/{number}.png")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(json: &str) -> model::User {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_guilds_own_avatar_goes_before_the_users_and_the_default() {
        let guild = GuildId::new(7);
        let plain = user(r#"{"id": "80351110224678912", "username": "nelly", "avatar": "abc"}"#);
        let member = model::Member {
            avatar: Some("a_def".to_owned()),
            ..Default::default()
        };
        assert_eq!(
            Face::of("https://cdn", guild, &plain, Some(&member)).avatar_url,
            "https://cdn/guilds/7/users/80351110224678912/avatars/a_def.png?size=128"
        );
        assert_eq!(
            Face::of("https://cdn", guild, &plain, None).avatar_url,
            "https://cdn/avatars/80351110224678912/abc.png?size=128"
        );
    }

    #[test]
    fn the_default_avatar_follows_id_or_legacy_discriminator() {
        assert_eq!(
            Face::unknown("c", UserId::new(80_351_110_224_678_912)).avatar_url,
            format!(
                "c/embed/avatars/{}.png",
                (80_351_110_224_678_912_u64 >> 22) % 6
            )
        );
        let legacy = user(r#"{"id": "1", "username": "bot", "discriminator": "1337"}"#);
        assert_eq!(
            Face::of("c", GuildId::new(7), &legacy, None).avatar_url,
            "c/embed/avatars/2.png"
        );
    }

    #[test]
    fn nobody_is_nameless() {
        let face = Face::of("c", GuildId::new(7), &user(r#"{"id": "1"}"#), None);
        assert_eq!(
            (face.username.as_str(), face.display_name.as_str()),
            (UNKNOWN, UNKNOWN)
        );
    }
}
