use contracts::RoleId;
use serde::Deserialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// What a user is in a guild (Discord, "Guild Member").
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Member {
    pub(crate) roles: Vec<RoleId>,
    /// Unix ms; `None` for guests.
    #[serde(default, deserialize_with = "moment")]
    pub(crate) joined_at: Option<u64>,
    /// Unix ms until which the member is timed out; may be past.
    #[serde(
        default,
        rename = "communication_disabled_until",
        deserialize_with = "moment"
    )]
    pub(crate) timed_out_until: Option<u64>,
}

fn moment<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let moment = OffsetDateTime::parse(&text, &Rfc3339).map_err(serde::de::Error::custom)?;
    Ok(u64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_read_as_discord_writes_it() {
        let member: Member = serde_json::from_str(
            r#"{"roles": ["3", "2"], "joined_at": "2015-04-26T06:26:56.936000+00:00",
                "communication_disabled_until": null, "nick": "x"}"#,
        )
        .unwrap();
        assert_eq!(member.roles, [RoleId::new(3), RoleId::new(2)]);
        assert_eq!(member.joined_at, Some(1_430_029_616_936));
        assert_eq!(member.timed_out_until, None);
        let guest: Member = serde_json::from_str(
            r#"{"roles": [], "joined_at": null, "communication_disabled_until": "1970-01-01T00:00:01Z"}"#,
        )
        .unwrap();
        assert_eq!(
            (guest.joined_at, guest.timed_out_until),
            (None, Some(1_000))
        );
    }
}
