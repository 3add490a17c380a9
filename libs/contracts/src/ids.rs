use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use ts_rs::TS;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr,
        schema::{Schema, Type},
    },
};

/// Text that is not a snowflake: 1 to 20 decimal digits that fit 64 bits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a snowflake (1 to 20 decimal digits)")]
pub struct InvalidSnowflake;

fn parse(text: &str) -> Result<u64, InvalidSnowflake> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidSnowflake);
    }
    text.parse().map_err(|_| InvalidSnowflake)
}

/// How an id stands in an `OpenAPI` document. Those of 20 digits are centuries away.
fn snowflake(description: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .pattern(Some("^[0-9]{1,19}$"))
        .examples(["41771983423143937"])
        .into()
}

/// Accepts a decimal string or an unsigned integer.
struct SnowflakeVisitor;

impl de::Visitor<'_> for SnowflakeVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a snowflake as a decimal string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<u64, E> {
        parse(text).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<u64, E> {
        Ok(value)
    }
}

macro_rules! snowflakes {
    ($($(#[doc = $doc:literal])* $name:ident),+ $(,)?) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, TS)]
        #[ts(type = "string")]
        pub struct $name(u64);

        impl $name {
            /// The id with this number.
            pub const fn new(value: u64) -> Self {
                Self(value)
            }

            /// The number.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// When the thing was made, in Unix milliseconds (Discord, "Snowflakes").
            pub const fn created_at(self) -> u64 {
                (self.0 >> 22) + 1_420_070_400_000
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                snowflake(concat!($($doc),+).trim())
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidSnowflake;

            fn from_str(text: &str) -> Result<Self, InvalidSnowflake> {
                parse(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(SnowflakeVisitor).map(Self)
            }
        }
    )+};
}

snowflakes! {
    /// A guild (a Discord server).
    GuildId,
    /// A channel or thread.
    ChannelId,
    /// A user.
    UserId,
    /// A role; the role of @everyone has the guild's id.
    RoleId,
    /// A message.
    MessageId,
}

impl GuildId {
    /// The id of the guild's @everyone role.
    pub const fn everyone(self) -> RoleId {
        RoleId(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snowflake_is_a_string_out_and_a_string_or_number_in() {
        let id: GuildId = serde_json::from_str("\"175928847299117063\"").unwrap();
        assert_eq!(
            serde_json::to_string(&id).unwrap(),
            "\"175928847299117063\""
        );
        assert_eq!(id, serde_json::from_str("175928847299117063").unwrap());
        assert_eq!(id.created_at(), 1_462_015_105_796);
    }

    #[test]
    fn what_is_no_snowflake_is_refused() {
        for text in [
            "\"\"",
            "\"-1\"",
            "\"+1\"",
            "\"1a\"",
            "\"99999999999999999999\"",
            "-1",
            "null",
            "1.5",
        ] {
            assert!(serde_json::from_str::<UserId>(text).is_err(), "{text}");
        }
    }
}
