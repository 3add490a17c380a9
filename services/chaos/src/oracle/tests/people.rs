//! Roles, overwrites and members.

use super::*;

/// A story of one role and one person, who has it or not, and of a room and a text channel for it alone.
fn crew() -> Story {
    let mut story = Story::new();
    story.n = 5;
    let role = json!({ "id": CREW.to_string(), "permissions": "0" });
    story.happen("GUILD_ROLE_CREATE", json!({ "role": role }));
    for (id, kind) in [(SECRET, 0), (CABIN, 2)] {
        let rule = |id: u64, allow: u64, deny: u64| json!({ "id": id.to_string(), "type": 0, "allow": allow.to_string(), "deny": deny.to_string() });
        story.happen(
            "CHANNEL_CREATE",
            json!({
                "id": id.to_string(), "type": kind, "name": format!("c{id}"), "parent_id": null,
                "user_limit": 0, "flags": 0,
                "permission_overwrites": [rule(GUILD, 0, VIEW), rule(CREW, VIEW, 0)],
            }),
        );
    }
    story.n = 10;
    story
}

const CREW: u64 = 40;
const SECRET: u64 = 11;
const CABIN: u64 = 22;

impl Story {
    fn belong(&mut self, roles: &[u64]) {
        let roles: Vec<String> = roles.iter().map(u64::to_string).collect();
        let data = json!({ "user": { "id": NELLY.to_string() }, "roles": roles });
        self.happen("GUILD_MEMBER_UPDATE", data);
    }

    fn secret(&mut self, id: u64) {
        self.happen(
            "MESSAGE_CREATE",
            json!({
                "id": id.to_string(), "channel_id": SECRET.to_string(), "content": format!("#{id}"),
                "author": { "id": "7", "username": "mason" },
            }),
        );
    }

    /// Receives what was emitted by these dispatches, at once.
    fn receive_those(&mut self, numbers: &[u64]) {
        let told = self.model.emitted(GUILD).iter();
        let told: Vec<_> = told
            .filter(|one| numbers.contains(&one.n))
            .map(|one| (one.at_micros, Arc::new(Payload::Told(one.told.clone()))))
            .collect();
        self.receive(&told);
    }

    fn verdict(&self) -> (u64, u64) {
        let verdict = self.judge();
        (verdict.lost, verdict.leaked)
    }
}

#[test]
fn a_role_opens_a_channel_to_those_who_have_it_and_to_nobody_else() {
    let mut story = crew();
    story.secret(100); // 11
    story.belong(&[CREW]); // 12
    story.secret(101); // 13
    story.message(102); // 14
    story.belong(&[]); // 15
    story.secret(103); // 16
    for (numbers, wrong) in [
        (&[13, 14][..], (0, 0)),
        (&[14], (1, 0)),
        (&[11, 13, 14], (0, 1)),
        (&[13, 14, 16], (0, 1)),
    ] {
        story.record = Record::default();
        story.receive_those(numbers);
        assert_eq!(story.verdict(), wrong, "{numbers:?}: {:#?}", story.judge());
    }
}

#[test]
fn a_browser_that_was_away_is_told_what_it_may_see_when_it_is_back() {
    let mut story = crew();
    story.belong(&[CREW]); // 11
    story.secret(100); // 12
    story.belong(&[]); // 13
    story.secret(101); // 14
    story.belong(&[CREW]); // 15
    story.secret(102); // 16
    story.belong(&[]); // 17
    story.message(103); // 18
    let returned = |numbers: &[u64], at: u64| {
        let told = story.model.emitted(GUILD).iter();
        told.filter(|one| numbers.contains(&one.n))
            .map(|one| (at * SECOND, Arc::new(Payload::Told(one.told.clone()))))
            .collect::<Vec<_>>()
    };
    let verdict = |told: Vec<_>| {
        let mut record = Record::default();
        let mut judged = Story {
            record: Record::default(),
            witness: None,
            model: story.model.clone(),
            n: story.n,
            mercy: Mercy::default(),
        };
        std::mem::swap(&mut judged.record, &mut record);
        judged.receive(&told);
        judged.verdict()
    };
    // Back after the last change: nothing of the channel is owed.
    assert_eq!(verdict(returned(&[18], 18)), (0, 0));
    // Back while it was open: what was written meanwhile may have come too.
    let all = [returned(&[12, 14, 16], 16), returned(&[18], 18)].concat();
    assert_eq!(verdict(all), (0, 0));
    // Back before it was opened again: what came then was hidden.
    let early = [returned(&[14], 14), returned(&[16, 18], 18)].concat();
    assert_eq!(verdict(early), (0, 1));
}

#[test]
fn a_room_that_is_hidden_is_not_told_of_and_no_byte_names_it() {
    let mut story = crew();
    story.belong(&[CREW]); // 11
    story.voice(Some(CABIN)); // 12
    story.belong(&[]); // 13
    story.message(100); // 14
    story.voice(None); // 15
    story.message(101); // 16
    story.receive_those(&[12, 14, 16]);
    assert_eq!(story.verdict(), (0, 0), "{:#?}", story.judge());
    story.record = Record::default();
    story.receive_those(&[12, 14, 15, 16]);
    assert_eq!(
        story.verdict(),
        (0, 1),
        "somebody left where one no longer looks"
    );

    let mut story = crew();
    story.message(100); // 11
    story.receive_those(&[11]);
    assert_eq!(story.verdict(), (0, 0));
    story.record.arrivals[0].ids = [CABIN].into();
    assert_eq!(story.verdict(), (0, 1));
}

#[test]
fn whoever_was_kicked_is_told_nothing_until_they_are_back_and_nothing_from_before() {
    let user = json!({ "user": { "id": NELLY.to_string() }, "roles": [] });
    let mut story = crew();
    story.message(100); // 11
    story.message(101); // 12
    story.happen("GUILD_MEMBER_REMOVE", user.clone()); // 13
    story.message(102); // 14
    story.happen("GUILD_MEMBER_ADD", user); // 15
    story.message(103); // 16
    story.n = 20;
    story.message(104); // 21
    story.receive_those(&[11, 12, 21]);
    assert_eq!(story.verdict(), (0, 0), "{:#?}", story.judge());
    story.record = Record::default();
    story.receive_those(&[11, 12, 14, 21]);
    assert_eq!(story.verdict(), (0, 1), "while they were away");
    // The first message, but only after the return.
    story.record = Record::default();
    story.receive_those(&[11, 12]);
    story.record.arrivals[1].at_micros = 21 * SECOND;
    assert_eq!(story.verdict(), (0, 0), "the replica may not know of it");
    story.receive_those(&[11, 12, 14, 16, 21]);
    let mut witness = Record::default();
    witness.arrivals = story.record.arrivals.split_off(2);
    story.witness = Some(witness);
    assert_eq!(
        story.verdict(),
        (0, 1),
        "it has told others of what came later"
    );
    story.witness = None;
    story.record = Record::default();
    story.receive_those(&[12]);
    assert_eq!(story.verdict(), (1, 0), "before the kick it was owed");
}

#[test]
fn whoever_is_back_is_told_of_a_room_as_it_is_when_that_is_noticed() {
    let user = json!({ "user": { "id": NELLY.to_string() }, "roles": [] });
    let mut story = crew();
    story.happen("GUILD_MEMBER_REMOVE", user.clone()); // 11
    story.happen("GUILD_MEMBER_ADD", user); // 12
    story.channel("CHANNEL_CREATE", 30, 2, 0); // 13
    let (id, everyone) = ("30", GUILD.to_string());
    story.happen(
        "CHANNEL_UPDATE",
        json!({
            "id": id, "type": 2, "name": "another name", "parent_id": null, "user_limit": 0, "flags": 0,
            "permission_overwrites": [{ "id": everyone, "type": 0, "allow": "0", "deny": "0" }],
        }),
    ); // 14
    let updated = story.model.emitted(GUILD).iter().find(|one| one.n == 14);
    let mut told = updated.expect("it shows").told.clone();
    told.key.kind = Kind::RoomCreated;
    let told = [(14 * SECOND, Arc::new(Payload::Told(told)))];
    story.receive(&told);
    let verdict = story.judge();
    assert_eq!((verdict.unexpected, verdict.lost), (0, 0), "{verdict:#?}");
    story.receive(&told);
    assert_ne!(story.judge().unexpected, 0, "once");
    story.record = Record::default();
    story.receive(&told);
    story.record.arrivals[0].at_micros = 13 * SECOND;
    assert_ne!(story.judge().unexpected, 0, "not before it is so");
}
