use contracts::{
    RoleId,
    event::VoiceFlags,
    state::{AudienceChange, Changed, Overwrite, OverwriteTarget, Role},
};
use event_bus::StoredGuild;

use super::*;

const GUILD: GuildId = GuildId::new(1);
const VIEW: u64 = 1 << 10;
const CONNECT: u64 = 1 << 20;

fn at(seq: u64) -> Position {
    Position {
        generation: 1,
        seq,
        part: 0,
    }
}

fn channel(id: u64, kind: u8, deny: u64) -> Channel {
    Channel {
        id: ChannelId::new(id),
        kind,
        name: format!("channel {id}"),
        parent_id: None,
        position: 0,
        user_limit: 0,
        members: vec![],
        overwrites: vec![Overwrite {
            id: GUILD.get(),
            target: OverwriteTarget::Role,
            allow: 0,
            deny,
        }],
        obfuscated: false,
    }
}

fn picture(channels: Vec<Channel>, voice: Vec<Voice>, everyone: u64) -> Picture {
    Picture::of_cut(GuildCut {
        last: contracts::EventId::ZERO,
        floor: contracts::EventId::ZERO,
        position: at(1),
        state: StoredGuild {
            guild: Guild {
                id: GUILD,
                name: "Guild".to_owned(),
                icon: None,
                owner_id: UserId::new(9),
                unavailable: false,
            },
            channels,
            roles: vec![role(everyone)],
            voice,
            members: Vec::new(),
        },
        gone: Vec::new(),
    })
}

fn role(permissions: u64) -> Role {
    Role {
        id: RoleId::new(GUILD.get()),
        name: "@everyone".to_owned(),
        permissions,
        position: 0,
    }
}

fn nelly(channel: u64) -> Voice {
    Voice {
        user_id: UserId::new(7),
        channel_id: ChannelId::new(channel),
        username: "nelly".to_owned(),
        display_name: "Nelly".to_owned(),
        avatar: None,
        avatar_url: "https://cdn.example/7.png".to_owned(),
        flags: VoiceFlags::default(),
    }
}

fn names(shift: &change::Shift) -> Vec<&'static str> {
    shift
        .events
        .iter()
        .map(|event| event.kind().name())
        .collect()
}

#[test]
fn verdicts_follow_the_rules_for_everyone() {
    let thread = |kind, parent| Channel {
        parent_id: Some(ChannelId::new(parent)),
        ..channel(0, kind, 0)
    };
    let with = |id, mut channel: Channel| {
        channel.id = ChannelId::new(id);
        channel
    };
    let allowing = {
        let mut channel = channel(8, 2, VIEW);
        channel.overwrites[0].allow = VIEW;
        channel
    };
    let member_only = {
        let mut channel = channel(9, 2, VIEW);
        channel.overwrites[0].target = OverwriteTarget::Member;
        channel
    };
    let obfuscated = Channel {
        obfuscated: true,
        ..channel(10, 2, 0)
    };
    let picture = picture(
        vec![
            channel(1, 2, 0),
            channel(2, 2, VIEW),
            channel(3, 2, CONNECT),
            channel(4, 0, CONNECT),
            with(5, thread(11, 4)),
            with(6, thread(12, 4)),
            with(7, thread(11, 2)),
            allowing,
            member_only,
            obfuscated,
        ],
        Vec::new(),
        VIEW | CONNECT,
    );
    let table = [
        (1, true, true),
        (2, false, false),
        (3, true, false),
        (4, true, true),
        (5, true, true),
        (6, false, false),
        (7, false, false),
        (8, true, true),
        (9, true, true),
        (10, false, false),
    ];
    for (id, view, text) in table {
        assert_eq!(
            picture.sight(ChannelId::new(id)),
            Some(Sight { view, text }),
            "channel {id}"
        );
    }
    assert!(
        !picture.shows(EventKind::VoiceJoined, Some(ChannelId::new(99))),
        "an unknown channel"
    );
    assert!(picture.shows(EventKind::MemberJoined, None));
    assert!(
        !picture.shows(EventKind::MessageCreated, Some(ChannelId::new(3))),
        "no CONNECT, no text"
    );
}

#[test]
fn an_administrative_everyone_sees_every_channel_that_is_known() {
    let picture = picture(vec![channel(1, 2, VIEW)], Vec::new(), 1 << 3);
    assert_eq!(
        picture.sight(ChannelId::new(1)),
        Some(Sight {
            view: true,
            text: true
        })
    );
}

#[test]
fn a_room_that_becomes_visible_is_told_with_the_people_in_it_and_one_that_goes_is_taken_away() {
    let mut picture = picture(vec![channel(1, 2, VIEW)], vec![nelly(1)], VIEW);
    assert!(picture.rooms("").rooms.is_empty());
    let shift = picture.change(
        AudienceChange::Channel(Changed::new(channel(1, 2, 0))),
        at(2),
    );
    assert_eq!(names(&shift), ["room.created", "voice.joined"]);
    assert_eq!(picture.rooms("").rooms[0].members.len(), 1);
    let shift = picture.change(AudienceChange::Role(Changed::new(role(0))), at(3));
    assert_eq!(names(&shift), ["room.deleted"]);
    assert_eq!(shift.hidden, [(ChannelId::new(1), Mask::OUT_OF_SIGHT)]);
    assert!(matches!(&shift.events[0], Event::RoomDeleted(room) if room.access == Some(true)));
    assert_eq!(
        names(&picture.change(AudienceChange::Role(Changed::new(role(0))), at(4))),
        [""; 0]
    );
}

#[test]
fn a_new_room_is_left_to_its_own_event_and_a_deleted_one_is_judged_as_it_was() {
    let mut picture = picture(Vec::new(), Vec::new(), VIEW);
    assert_eq!(
        names(&picture.change(
            AudienceChange::Channel(Changed::new(channel(1, 2, 0))),
            at(2)
        )),
        [""; 0]
    );
    assert!(picture.absorb(
        &envelope(&Event::RoomCreated(contracts::event::RoomCreated {
            guild_id: GUILD,
            channel_id: ChannelId::new(1),
            name: String::new(),
            parent_id: None,
            user_limit: 0,
        })),
        at(2)
    ));
    assert!(picture.absorb(
        &envelope(&Event::RoomDeleted(contracts::event::RoomDeleted {
            guild_id: GUILD,
            channel_id: ChannelId::new(1),
            access: None,
        })),
        at(3)
    ));
    assert_eq!(
        names(&picture.change(AudienceChange::ChannelGone(channel(1, 2, 0)), at(3))),
        [""; 0]
    );
    assert!(picture.shows(EventKind::VoiceLeft, Some(ChannelId::new(1))));
}

fn envelope(event: &Event) -> Envelope {
    contracts::envelope::Unpublished::new(GUILD, event, 0, None)
        .unwrap()
        .publish(contracts::EventId::new(1, 0))
}

#[test]
fn somebody_in_a_room_wears_the_new_name_in_the_next_snapshot() {
    let mut picture = picture(vec![channel(2, 2, 0)], vec![nelly(2)], VIEW);
    let renamed = contracts::state::Member {
        user_id: UserId::new(7),
        username: "nelly".to_owned(),
        display_name: "Nell".to_owned(),
        avatar: None,
        avatar_url: "https://cdn.example/7.png".to_owned(),
        bot: false,
        roles: Vec::new(),
        timed_out_until: None,
        joined_at: None,
    };
    let shift = picture.change(AudienceChange::Member(Changed::new(renamed)), at(2));
    assert!(shift.events.is_empty());
    let rooms = picture.rooms("https://cdn.example");
    assert_eq!(rooms.rooms[0].members[0].display_name, "Nell");
}
