use axum::http::HeaderMap;
use contracts::{EventKind, GuildId, problem::FieldProblem};

use crate::{
    error::ApiError,
    hub::{Cursor, Mask},
};

/// Most guilds that one stream may name.
const MOST_GUILDS: usize = 200;

/// Most events that one stream may name.
const MOST_EVENTS: usize = 64;

/// What a browser asks of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// `None` = all that the user and the bot share, also later ones.
    pub(super) guilds: Option<Vec<GuildId>>,
    pub(super) mask: Mask,
    pub(super) cursor: Cursor,
    pub(super) snapshot: bool,
}

impl Choice {
    /// Reads what the first message of a WebSocket asks for; everything that is wrong is named at once.
    pub(super) fn of(
        named: Option<&[String]>,
        events: Option<&[String]>,
        last_event_id: Option<&str>,
        snapshot: bool,
    ) -> Result<Self, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let mut problem = |field: &str, message: String| {
            problems.push(FieldProblem {
                field: field.to_owned(),
                code: "invalid".to_owned(),
                message,
            });
        };
        let (mut guilds, mut mask) = (Vec::new(), events.map(|_| Mask::NONE));
        let named = named.unwrap_or_default();
        if named.len() > MOST_GUILDS {
            problem("guilds", format!("may be {MOST_GUILDS} at most"));
        }
        if events.is_some_and(|events| events.len() > MOST_EVENTS) {
            problem("events", format!("may be {MOST_EVENTS} at most"));
        }
        for guild in named.iter().take(MOST_GUILDS) {
            match guild.parse::<GuildId>() {
                Ok(guild) if !guilds.contains(&guild) => guilds.push(guild),
                Ok(_) => {}
                Err(error) => problem("guilds", error.to_string()),
            }
        }
        for event in events.unwrap_or_default().iter().take(MOST_EVENTS) {
            if let Some(mask) = &mut mask
                && !mask.add(event)
            {
                problem("events", unknown(event));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            guilds: Some(guilds).filter(|guilds| !guilds.is_empty()),
            mask: mask.unwrap_or(Mask::DEFAULT),
            cursor: last_event_id.map_or(Cursor::Now, Cursor::parse),
            snapshot,
        })
    }

    /// Reads a query and its header; everything that is wrong is named at once. A cursor is never an error here.
    pub(super) fn from_query(query: &str, headers: &HeaderMap) -> Result<Self, ApiError> {
        let mut problems = Vec::new();
        let mut problem = |field: &str, message: String| {
            let field = field.to_owned();
            problems.push(FieldProblem {
                field,
                code: "invalid".to_owned(),
                message,
            });
        };
        let (mut guilds, mut mask) = (Vec::new(), None);
        let (mut cursor, mut snapshot) = (Cursor::Now, false);
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "guild" => match value.parse::<GuildId>() {
                    Ok(guild) if !guilds.contains(&guild) => guilds.push(guild),
                    Ok(_) => {}
                    Err(error) => problem("guild", error.to_string()),
                },
                "events" => {
                    let mask = mask.get_or_insert(Mask::NONE);
                    for event in value.split(',').map(str::trim) {
                        if !mask.add(event) {
                            problem("events", unknown(event));
                        }
                    }
                }
                "snapshot" => match &*value {
                    "1" | "true" => snapshot = true,
                    "0" | "false" | "" => snapshot = false,
                    _ => problem("snapshot", "has to be 1 or 0".to_owned()),
                },
                "lastEventId" => cursor = Cursor::parse(&value),
                _ => {}
            }
        }
        if guilds.len() > MOST_GUILDS {
            problem("guild", format!("may be given {MOST_GUILDS} times at most"));
        }
        if !problems.is_empty() {
            return Err(ApiError::Invalid(problems));
        }
        if let Some(header) = headers.get("last-event-id") {
            cursor = header.to_str().map_or(Cursor::Malformed, Cursor::parse);
        }
        Ok(Self {
            guilds: Some(guilds).filter(|guilds| !guilds.is_empty()),
            mask: mask.unwrap_or(Mask::DEFAULT),
            cursor,
            snapshot,
        })
    }
}

fn unknown(event: &str) -> String {
    let shown: String = event.chars().filter(|c| !c.is_control()).take(40).collect();
    let names: Vec<_> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
    format!(
        "`{shown}` is not an event; there are {}, and families like voice.*",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use contracts::EventId;

    use super::*;

    fn read(query: &str, header: Option<&str>) -> Result<Choice, ApiError> {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert("last-event-id", header.parse().unwrap());
        }
        Choice::from_query(query, &headers)
    }

    #[test]
    fn guilds_events_and_cursors_are_read_and_the_header_wins() {
        let query = read(
            "guild=1&guild=2&guild=1&events=voice.*,gap&snapshot=1&lastEventId=5-0",
            Some("7-1"),
        )
        .unwrap();
        assert_eq!(query.guilds, Some(vec![GuildId::new(1), GuildId::new(2)]));
        assert_eq!(query.cursor, Cursor::After(EventId::new(7, 1).into()));
        assert!(query.snapshot && query.mask.meets(Mask::of(EventKind::Gap)));
        assert!(!query.mask.meets(Mask::of(EventKind::RoomCreated)));
        assert_eq!(
            read("lastEventId=nonsense", None).unwrap().cursor,
            Cursor::Malformed
        );
        assert_eq!(
            read("lastEventId=5-0", Some("")).unwrap().cursor,
            Cursor::Now
        );
        assert_eq!(read("", None).unwrap().mask, Mask::DEFAULT);
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let Err(ApiError::Invalid(problems)) = read(
            "guild=one&events=voice.joined,voice.jumped&snapshot=maybe",
            None,
        ) else {
            panic!("this is not valid");
        };
        let fields: Vec<_> = problems
            .iter()
            .map(|problem| problem.field.as_str())
            .collect();
        assert_eq!(fields, ["guild", "events", "snapshot"]);
        assert!(
            problems[1].message.contains("voice.jumped")
                && problems[1].message.contains("room.created")
        );
    }
}
