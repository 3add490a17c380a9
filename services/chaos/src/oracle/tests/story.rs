//! A guild in which something happens, and a browser that is told of it.

use std::{collections::BTreeMap, sync::Arc};

use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};

use super::super::{Mercy, Verdict, judge, model::Model, payload::Payload};
use crate::{
    browser::{Arrival, Place, Profile, Record},
    control::Dispatch,
};

pub(super) const GUILD: u64 = 1;
pub(super) const NELLY: u64 = 70;
pub(super) const HANA: u64 = 71;
pub(super) const TEXT: u64 = 10;
pub(super) const ROOM: u64 = 20;
pub(super) const OTHER: u64 = 21;
pub(super) const VIEW: u64 = 1 << 10 | 1 << 20;
pub(super) const SECOND: u64 = 1_000_000;

/// A guild with a text channel and two rooms, and what happens in it: one dispatch a second.
pub(super) struct Story {
    pub(super) model: Model,
    pub(super) n: u64,
    pub(super) record: Record,
    /// What hana's browser received, which is always at the only replica.
    pub(super) witness: Option<Record>,
    pub(super) mercy: Mercy,
}

impl Story {
    pub(super) fn new() -> Self {
        let mut story = Self {
            model: Model::default(),
            n: 0,
            record: Record::default(),
            witness: None,
            mercy: Mercy::default(),
        };
        for (name, id) in [("nelly", NELLY), ("hana", HANA)] {
            story.model.watchers.insert(name.to_owned(), id);
            story.happen(
                "GUILD_MEMBER_ADD",
                json!({ "user": { "id": id.to_string() }, "roles": [] }),
            );
        }
        let everyone = json!({ "id": GUILD.to_string(), "permissions": VIEW.to_string() });
        story.happen("GUILD_ROLE_UPDATE", json!({ "role": everyone }));
        for (id, kind) in [(TEXT, 0), (ROOM, 2), (OTHER, 2)] {
            story.channel("CHANNEL_CREATE", id, kind, 0);
        }
        story.n = 10;
        story
    }

    pub(super) fn happen(&mut self, kind: &str, mut data: Value) {
        self.n += 1;
        data["guild_id"] = json!(GUILD.to_string());
        let dispatch = Dispatch {
            n: self.n,
            at_micros: self.n * SECOND,
            t: kind.to_owned(),
            d: data,
        };
        self.model.apply(&dispatch).unwrap();
    }

    pub(super) fn channel(&mut self, event: &str, id: u64, kind: u64, deny: u64) {
        let own =
            json!({ "id": GUILD.to_string(), "type": 0, "allow": "0", "deny": deny.to_string() });
        self.happen(
            event,
            json!({
                "id": id.to_string(), "type": kind, "name": format!("c{id}"), "parent_id": null,
                "user_limit": 0, "flags": 0, "permission_overwrites": [own],
            }),
        );
    }

    pub(super) fn message(&mut self, id: u64) {
        self.happen(
            "MESSAGE_CREATE",
            json!({
                "id": id.to_string(), "channel_id": TEXT.to_string(), "content": format!("#{id}"),
                "author": { "id": "7", "username": "nelly" },
            }),
        );
    }

    pub(super) fn voice(&mut self, room: Option<u64>) {
        self.happen(
            "VOICE_STATE_UPDATE",
            json!({
                "user_id": "7", "channel_id": room.map(|room| room.to_string()), "mute": false,
                "member": { "user": { "id": "7", "username": "nelly" } },
            }),
        );
    }

    /// What browsers are told of all this.
    pub(super) fn told(&self) -> Vec<(u64, Arc<Payload>)> {
        let emitted = self.model.emitted(GUILD).iter();
        emitted
            .filter(|one| one.n > 10)
            .map(|one| (one.at_micros, Arc::new(Payload::Told(one.told.clone()))))
            .collect()
    }

    /// A browser receives this, each a moment after it happened.
    pub(super) fn receive(&mut self, told: &[(u64, Arc<Payload>)]) {
        let arrivals = told.iter().map(|(at, payload)| Arrival {
            at_micros: at + 1_000,
            payload: Arc::clone(payload),
            ids: Arc::default(),
        });
        self.record.arrivals.extend(arrivals);
    }

    pub(super) fn judge(&self) -> Verdict {
        let now = (self.n + 10) * SECOND;
        let mut browsers = vec![(watcher(), self.record.clone())];
        browsers.extend(self.witness.clone().map(|record| (witness(), record)));
        judge(&self.model, &browsers, 1, &self.mercy, 10, now)
    }
}

/// A browser that wants everything.
pub(super) fn watcher() -> Profile {
    let names = ["nelly".to_owned()].into();
    let members = BTreeMap::from([(GUILD, names)]);
    let mut all = Profile::draw(8, 1, &members, &mut StdRng::seed_from_u64(1));
    all.remove(0)
}

/// A browser of somebody else, at the only replica, that wants messages.
pub(super) fn witness() -> Profile {
    let mut profile = watcher();
    profile.user = "hana";
    profile.place = Place::Replica(0);
    profile.events = Some("message.*");
    profile
}
