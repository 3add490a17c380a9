use contracts::{
    RoleId,
    event::VoiceFlags,
    state::{AudienceChange, Changed, Overwrite, OverwriteTarget, Role},
};
use event_bus::StoredGuild;

use super::{
    super::audience::{Key, Sight},
    *,
};

const GUILD: GuildId = GuildId::new(1);
const VIEW: u64 = 1 << 10;
const CONNECT: u64 = 1 << 20;

fn id(ms: u64) -> contracts::EventId {
    contracts::EventId::new(ms, 0)
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
        position: event_bus::Position {
            generation: 1,
            seq: 1,
            part: 0,
        },
        state: StoredGuild {
            guild: Guild {
                id: GUILD,
                name: "Guild".to_owned(),
                icon: None,
                owner_id: UserId::new(9),
                unavailable: false,
                members_since: None,
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

/// What somebody without a role sees of a channel.
fn sight(picture: &Picture, channel: u64) -> Option<Sight> {
    let key = Key::Members {
        roles: [].into(),
        user: None,
        timed_out: false,
    };
    let channel = picture.channel_or_gone(ChannelId::new(channel))?;
    Some(key.judge(picture, channel))
}

fn shown(picture: &Picture) -> Vec<u64> {
    let sees = |room: &Channel| sight(picture, room.id.get()).is_some_and(|sight| sight.view);
    let rooms = picture.rooms("", sees).rooms.into_iter();
    rooms.map(|room| room.channel_id.get()).collect()
}

fn told(picture: &Picture, room: u64) -> Vec<&'static str> {
    let events = picture.appeared(ChannelId::new(room)).into_iter();
    events.map(|event| event.kind().name()).collect()
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
            sight(&picture, id),
            Some(Sight { view, text }),
            "channel {id}"
        );
    }
    assert_eq!(sight(&picture, 99), None, "an unknown channel");
}

#[test]
fn an_administrative_everyone_sees_every_channel_that_is_known() {
    let picture = picture(vec![channel(1, 2, VIEW)], Vec::new(), 1 << 3);
    assert_eq!(
        sight(&picture, 1),
        Some(Sight {
            view: true,
            text: true
        })
    );
}

#[test]
fn a_room_that_becomes_visible_is_there_with_the_people_in_it_and_one_that_goes_is_not() {
    let mut picture = picture(vec![channel(1, 2, VIEW)], vec![nelly(1)], VIEW);
    assert!(shown(&picture).is_empty());
    let visible = AudienceChange::Channel(Changed::new(channel(1, 2, 0)));
    let effect = picture.change(visible, id(2));
    assert_eq!(effect.channels, [ChannelId::new(1)]);
    assert!(effect.shifts);
    assert_eq!(shown(&picture), [1]);
    assert_eq!(told(&picture, 1), ["room.created", "voice.joined"]);
    let effect = picture.change(AudienceChange::Role(Changed::new(role(0))), id(3));
    assert!(effect.shifts && effect.role == Some(GUILD.everyone()));
    assert!(shown(&picture).is_empty());
    let effect = picture.change(AudienceChange::Role(Changed::new(role(0))), id(4));
    assert!(
        !effect.shifts && effect.channels.is_empty(),
        "the same again"
    );
}

#[test]
fn a_new_room_is_left_to_its_own_event_and_a_deleted_one_is_judged_as_it_was() {
    let mut picture = picture(Vec::new(), Vec::new(), VIEW);
    let new = AudienceChange::Channel(Changed::new(channel(1, 2, 0)));
    assert!(!picture.change(new, id(2)).shifts);
    assert!(shown(&picture).is_empty());
    picture.absorb(&envelope(&Event::RoomCreated(
        contracts::event::RoomCreated {
            guild_id: GUILD,
            channel_id: ChannelId::new(1),
            name: String::new(),
            parent_id: None,
            user_limit: 0,
        },
    )));
    assert_eq!(shown(&picture), [1]);
    picture.absorb(&envelope(&Event::RoomDeleted(
        contracts::event::RoomDeleted {
            guild_id: GUILD,
            channel_id: ChannelId::new(1),
            access: None,
        },
    )));
    assert!(shown(&picture).is_empty());
    let gone = picture.change(AudienceChange::ChannelGone(channel(1, 2, 0)), id(3));
    assert!(gone.vanished.is_empty(), "its event told so");
    assert!(sight(&picture, 1).is_some_and(|sight| sight.view));
}

#[test]
fn what_decides_nothing_leaves_nothing_to_be_done() {
    let mut picture = picture(vec![channel(1, 2, 0)], Vec::new(), VIEW);
    let renamed = Channel {
        name: "renamed".to_owned(),
        ..channel(1, 2, 0)
    };
    let effect = picture.change(AudienceChange::Channel(Changed::new(renamed)), id(2));
    assert!(effect.channels.is_empty() && !effect.shifts);
    let unheard = picture.change(AudienceChange::ChannelGone(channel(1, 2, 0)), id(3));
    assert_eq!(unheard.vanished, [ChannelId::new(1)], "no event told so");
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
    let was = contracts::state::Member {
        display_name: "Nelly".to_owned(),
        ..renamed.clone()
    };
    let face = AudienceChange::Member(Changed::from(Some(was), renamed.clone()));
    let effect = picture.change(face, id(2));
    assert!(effect.member.is_none(), "a face says nothing of roles");
    let first = picture.change(AudienceChange::Member(Changed::new(renamed)), id(3));
    assert!(first.member.is_some());
    let rooms = picture.rooms("https://cdn.example", |_| true);
    assert_eq!(rooms.rooms[0].members[0].display_name, "Nell");
}
