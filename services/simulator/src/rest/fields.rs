//! The JSON body of a request, field by field.

use std::ops::RangeInclusive;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::header,
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::limit::hex;
use crate::{
    clock,
    world::{Field, Id, Refusal},
};

/// How long somebody can be timed out at once, in ms.
const TIME_OUT: u64 = 28 * 24 * 60 * 60 * 1_000;

/// A JSON object.
pub(super) struct Fields(pub(super) Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        let is_json = kind.is_some_and(|kind| kind.starts_with("application/json"));
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|_| Refusal::new(413, 40_005, "Request entity too large"))?;
        if !is_json {
            let code = "CONTENT_TYPE_INVALID";
            let message = "Expected \"Content-Type\" header to be one of {'application/json'}.";
            return Err(Refusal::form("_misc", code, message));
        }
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(Refusal::form(
                "_misc",
                "DICT_TYPE_CONVERT",
                "Only dictionaries may be used in a DictType",
            )),
            Err(_) => Err(Refusal::invalid_json()),
        }
    }
}

impl Fields {
    /// Whether the field is there, be it null.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The field; `None` if absent or null.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text of so many characters.
    pub(super) fn text(
        &self,
        name: &str,
        length: RangeInclusive<usize>,
    ) -> Result<Option<String>, Refusal> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let text = value.as_str().ok_or_else(|| {
            Refusal::form(
                name,
                "STRING_TYPE_CONVERT",
                "Could not interpret value as string.",
            )
        })?;
        if !length.contains(&text.chars().count()) {
            let message = format!(
                "Must be between {} and {} in length.",
                length.start(),
                length.end()
            );
            return Err(Refusal::form(name, "BASE_TYPE_BAD_LENGTH", &message));
        }
        Ok(Some(text.to_owned()))
    }

    /// A text that has to be there.
    pub(super) fn required_text(
        &self,
        name: &str,
        length: RangeInclusive<usize>,
    ) -> Result<String, Refusal> {
        self.text(name, length)?
            .ok_or_else(|| Refusal::form(name, "BASE_TYPE_REQUIRED", "This field is required"))
    }

    /// A whole number in a range.
    pub(super) fn number(
        &self,
        name: &str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, Refusal> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let number = value
            .as_u64()
            .ok_or_else(|| Refusal::form(name, "NUMBER_TYPE_COERCE", "Value is not int."))?;
        if !range.contains(&number) {
            let message = format!(
                "int value should be between {} and {}.",
                range.start(),
                range.end()
            );
            return Err(Refusal::form(name, "NUMBER_TYPE_MAX", &message));
        }
        Ok(Some(number))
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        let convert = || {
            Refusal::form(
                name,
                "BOOLEAN_TYPE_CONVERT",
                "Must be either true or false.",
            )
        };
        self.value(name)
            .map(|value| value.as_bool().ok_or_else(convert))
            .transpose()
    }

    /// A snowflake, as a string or a number.
    pub(super) fn id(&self, name: &str) -> Result<Option<Id>, Refusal> {
        self.value(name)
            .map(|value| id(value).ok_or_else(|| not_snowflake(name)))
            .transpose()
    }

    /// A list of snowflakes.
    pub(super) fn ids(&self, name: &str) -> Result<Option<Vec<Id>>, Refusal> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let list: Option<Vec<Id>> = value
            .as_array()
            .and_then(|list| list.iter().map(id).collect());
        list.map(Some).ok_or_else(|| not_snowflake(name))
    }

    /// Permission bits, as a decimal string or a number.
    pub(super) fn bits(&self, name: &str) -> Result<u64, Refusal> {
        self.value(name).map_or(Ok(0), |value| {
            bits(value)
                .ok_or_else(|| Refusal::form(name, "BITFIELD_TYPE_CONVERT", "Not a valid bitfield"))
        })
    }

    /// Until when a member is timed out, in Unix ms: at most 28 days.
    pub(super) fn time_out(&self) -> Result<Option<u64>, Refusal> {
        let name = "communication_disabled_until";
        let Some(text) = self.text(name, 1..=64)? else {
            return Ok(None);
        };
        let wrong = |code, message| Refusal::form(name, code, message);
        let until = clock::parse(&text)
            .ok_or_else(|| wrong("DATE_TIME_TYPE_PARSE", "Could not parse as a date."))?;
        if until > clock::unix_millis().saturating_add(TIME_OUT) {
            let message = "The timeout may not be longer than 28 days.";
            return Err(wrong("DATE_TIME_TYPE_MAX", message));
        }
        Ok(Some(until))
    }

    /// The address of a picture; the answer is the hash under which it is kept.
    pub(super) fn picture(&self, name: &str) -> Result<Option<String>, Refusal> {
        let Some(address) = self.text(name, 1..=2_048)? else {
            return Ok(None);
        };
        if !address.starts_with("http://") && !address.starts_with("https://") {
            let message = "Not a well formed URL.";
            return Err(Refusal::form(name, "URL_TYPE_INVALID_URL", message));
        }
        Ok(Some(hex(&Sha256::digest(address)[..16])))
    }

    /// A field that can be left alone, cleared or set.
    pub(super) fn field<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Self) -> Result<Option<T>, Refusal>,
    ) -> Result<Field<T>, Refusal> {
        if !self.has(name) {
            return Ok(Field::Keep);
        }
        Ok(read(self)?.map_or(Field::Clear, Field::Set))
    }
}

pub(super) fn id(value: &Value) -> Option<Id> {
    value
        .as_u64()
        .map(Id)
        .or_else(|| value.as_str()?.parse().ok())
}

pub(super) fn bits(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn not_snowflake(name: &str) -> Refusal {
    Refusal::form(name, "NUMBER_TYPE_COERCE", "Value is not snowflake.")
}
