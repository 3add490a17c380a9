use serde_json::json;

use super::*;

fn parse<T: serde::de::DeserializeOwned>(value: &serde_json::Value) -> T {
    serde_json::from_str(&value.to_string()).unwrap()
}

#[test]
fn a_user_needs_only_its_id() {
    let user: User = parse(&json!({"id": "80351110224678912", "username": null, "badge": {}}));
    assert_eq!(user.id.get(), 80_351_110_224_678_912);
    assert_eq!((user.username.as_str(), user.bot), ("", false));
}

#[test]
fn a_user_with_an_id_of_another_type_is_refused() {
    serde_json::from_str::<User>(r#"{"id": {}}"#).unwrap_err();
    serde_json::from_str::<User>(r#"{"id": null}"#).unwrap_err();
    serde_json::from_str::<User>(r#"{"id": "1", "username": 7}"#).unwrap_err();
}

#[test]
fn an_unknown_channel_type_is_kept_as_its_number() {
    let channel: Channel = parse(&json!({"id": "1", "type": 77, "name": null}));
    assert_eq!(channel.kind, ChannelType::Other(77));
    assert!(!channel.kind.is_room() && !channel.kind.is_thread());
    let channel: Channel = parse(&json!({"id": "1", "type": 13}));
    assert!(channel.kind.is_room());
}

#[test]
fn obfuscation_is_told_by_the_flag_and_never_by_the_name() {
    let hidden: Channel = parse(&json!({
        "id": "5", "type": 2, "guild_id": "1", "name": "___hidden___", "flags": 131_072,
        "topic": null, "bitrate": null, "user_limit": null, "position": 4, "parent_id": "3",
        "permission_overwrites": [{"id": "1", "type": 0, "allow": "0", "deny": "1024"}],
    }));
    assert!(hidden.obfuscated());
    assert_eq!(
        (hidden.position, hidden.parent_id),
        (4, Some(contracts::ChannelId::new(3)))
    );
    let namesake: Channel = parse(&json!({"id": "5", "type": 2, "name": "___hidden___"}));
    assert!(!namesake.obfuscated());
}

#[test]
fn overwrites_read_bits_as_text_number_or_nothing() {
    let of = |value| parse::<PermissionOverwrite>(&value);
    let role = of(json!({"id": "9", "type": 0, "allow": "1049600", "deny": 2048}));
    assert_eq!(
        role.target,
        OverwriteTarget::Role(contracts::RoleId::new(9))
    );
    assert_eq!((role.allow, role.deny), (1_049_600, 2048));
    let member = of(json!({"id": "9", "type": "1", "allow": null}));
    assert_eq!(
        member.target,
        OverwriteTarget::Member(contracts::UserId::new(9))
    );
    assert_eq!((member.allow, member.deny), (0, 0));
    assert_eq!(
        of(json!({"id": "9", "type": 3})).target,
        OverwriteTarget::Other(9)
    );
}

#[test]
fn a_guild_in_an_outage_tells_nothing_else() {
    let guild: GuildCreate = parse(&json!({"id": "1", "unavailable": true}));
    assert_eq!(
        guild,
        GuildCreate::Unavailable {
            id: contracts::GuildId::new(1)
        }
    );
    let removed: GuildDelete = parse(&json!({"id": "1"}));
    assert!(!removed.unavailable);
}

#[test]
fn a_guild_reads_its_lists_without_guild_ids() {
    let guild: GuildCreate = parse(&json!({
        "id": "1", "name": "G", "owner_id": "2", "unavailable": false, "large": null,
        "member_count": 2, "joined_at": "2021-03-31T18:45:31+00:00",
        "roles": [{"id": "1", "name": "@everyone", "permissions": "104324673"}],
        "channels": [{"id": "5", "type": 2, "name": "Lounge"}],
        "voice_states": [{"channel_id": "5", "user_id": "2", "self_mute": true}],
        "members": [{"user": {"id": "2", "username": "nelly"}, "roles": [], "joined_at": null}],
        "presences": [{"user": {"id": "2"}, "status": "idle"}, {"user": 7}, 3],
        "threads": null, "emojis": [{}],
    }));
    let GuildCreate::Available(guild) = guild else {
        panic!("the guild is available")
    };
    assert_eq!(
        guild.voice_states[0].channel_id,
        Some(contracts::ChannelId::new(5))
    );
    assert_eq!(
        guild.joined_at.map(Timestamp::unix_ms),
        Some(1_617_216_331_000)
    );
    assert_eq!(guild.presences.len(), 1, "what can't be read is left out");
    assert!(guild.threads.is_empty());
}

#[test]
fn times_are_read_with_and_without_a_fraction() {
    let of = |text: &str| {
        let member: Member = parse(&json!({"joined_at": text}));
        member.joined_at.map(Timestamp::unix_ms)
    };
    assert_eq!(
        of("2021-03-31T18:45:31.297561+00:00"),
        Some(1_617_216_331_297)
    );
    assert_eq!(of("2021-03-31T18:45:31+00:00"), Some(1_617_216_331_000));
    assert_eq!(of("2021-03-31T18:45:31Z"), Some(1_617_216_331_000));
    assert_eq!(of("yesterday"), None);
}

#[test]
fn activities_of_any_shape_are_survived() {
    let presence: Presence = parse(&json!({
        "user": {"id": "2", "username": 5}, "guild_id": "1", "status": "busy",
        "activities": [{"name": 1, "type": "x", "state": []}, null, {"name": "Chess", "type": 0}],
        "client_status": {"desktop": "dnd", "toaster": "online"},
    }));
    assert_eq!(presence.status, Status::Offline);
    assert_eq!(presence.client_status.desktop, Some(Status::Dnd));
    assert_eq!(
        presence
            .activities
            .last()
            .map(|activity| activity.name.as_str()),
        Some("Chess")
    );
}

#[test]
fn a_member_update_reads_guild_and_member_from_one_object() {
    let update: MemberUpdate = parse(&json!({
        "guild_id": "1", "user": {"id": "2", "username": "amara", "global_name": "Amara"},
        "nick": null, "roles": ["7", 8], "joined_at": "2021-03-31T18:45:31.297561+00:00",
    }));
    let user = update.member.user.clone().unwrap();
    assert_eq!(update.member.roles.len(), 2);
    assert_eq!(update.member.display_name(&user), "Amara");
}

#[test]
fn a_partial_message_update_is_read_and_never_shown() {
    let message: Message = parse(&json!({"id": "9", "channel_id": "5", "content": "psst"}));
    assert_eq!(message.author, None);
    assert!(!format!("{message:?}").contains("psst"));
}

#[test]
fn a_message_reads_mentions_with_their_members() {
    let message: Message = parse(&json!({
        "id": "9", "channel_id": "5", "guild_id": "1", "content": "", "webhook_id": "77",
        "author": {"id": "2", "username": "nelly"}, "nonce": 12, "type": 19,
        "mentions": [{"id": "3", "username": "m", "member": {"nick": "Mace", "roles": []}}],
        "attachments": [{"id": "4", "filename": "a.png", "size": 3, "url": "https://x/a.png"}],
        "message_reference": {"message_id": "8", "channel_id": "5"},
    }));
    assert!(message.mentions(contracts::UserId::new(3)));
    assert_eq!(
        message.mentions[0].member.as_ref().unwrap().nick.as_deref(),
        Some("Mace")
    );
    assert_eq!(message.webhook_id, Some(77));
}
