//! What must hold whatever is published, in whatever order.

use std::{collections::BTreeMap, sync::Arc};

use contracts::{
    ChannelId, EventId, RoleId, UserId,
    state::{AudienceChange, Changed, Channel, Member, Role},
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::{
    Author, Factory, entries, event, message,
    state::{channel, member, role},
};
use crate::{Batch, Body, Change, Cut, Entry, EventBus, NewEntry, Outcome, Retention, StateOp};

/// Random histories that are tried.
const HISTORIES: usize = 20;

/// One step of a history: in which guild, and the changes of its state, each of which is told by an entry too.
type Step = (u64, Vec<AudienceChange>);

fn audience() -> impl Strategy<Value = AudienceChange> {
    prop_oneof![
        4 => (0..5u64, "[a-c]{1,3}").prop_map(|(id, name)| AudienceChange::Channel(Changed::new(channel(id, &name)))),
        1 => (0..5u64).prop_map(|id| AudienceChange::ChannelGone(channel(id, ""))),
        4 => (0..4u64, any::<u64>()).prop_map(|(id, bits)| AudienceChange::Role(Changed::new(role(id, bits)))),
        1 => (0..4u64).prop_map(|id| AudienceChange::RoleGone(role(id, 0))),
        4 => (0..6u64, "[a-c]{1,3}").prop_map(|(id, name)| AudienceChange::Member(Changed::new(member(id, &name)))),
        1 => (0..6u64).prop_map(|id| AudienceChange::MemberGone(UserId::new(id))),
    ]
}

fn history() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let step = (1..4u64, prop::collection::vec(audience(), 0..5));
    prop::collection::vec(prop::collection::vec(step, 1..8), 1..12)
}

fn operation(change: &AudienceChange) -> StateOp {
    match change.clone() {
        AudienceChange::Channel(channel) => StateOp::SetChannel(channel.now),
        AudienceChange::ChannelGone(gone) => StateOp::RemoveChannel(gone.id),
        AudienceChange::Role(role) => StateOp::SetRole(role.now),
        AudienceChange::RoleGone(gone) => StateOp::RemoveRole(gone.id),
        AudienceChange::Member(member) => StateOp::SetMember(member.now),
        AudienceChange::MemberGone(id) => StateOp::RemoveMember(id),
        AudienceChange::Guild(guild) => StateOp::SetGuild(guild.now),
        AudienceChange::GuildGone => StateOp::RemoveGuild,
    }
}

/// What a replica knows that has only read the log.
#[derive(Debug, Default, PartialEq)]
struct Picture {
    channels: BTreeMap<ChannelId, Channel>,
    roles: BTreeMap<RoleId, Role>,
    members: BTreeMap<UserId, Member>,
}

impl Picture {
    fn of(entries: &[Entry], upto: EventId) -> Self {
        let mut picture = Self::default();
        for entry in entries.iter().filter(|entry| entry.id <= upto) {
            match &entry.body {
                Body::Audience(AudienceChange::Channel(channel)) => {
                    picture.channels.insert(channel.now.id, channel.now.clone());
                }
                Body::Audience(AudienceChange::ChannelGone(gone)) => {
                    drop(picture.channels.remove(&gone.id));
                }
                Body::Audience(AudienceChange::Role(role)) => {
                    picture.roles.insert(role.now.id, role.now.clone());
                }
                Body::Audience(AudienceChange::RoleGone(gone)) => {
                    drop(picture.roles.remove(&gone.id));
                }
                Body::Audience(AudienceChange::Member(member)) => {
                    picture
                        .members
                        .insert(member.now.user_id, member.now.clone());
                }
                Body::Audience(AudienceChange::MemberGone(id)) => drop(picture.members.remove(id)),
                _ => {}
            }
        }
        picture
    }
}

/// Read while others publish, a snapshot is all of every change up to its id and nothing of any after it.
pub async fn a_snapshot_is_the_sum_of_the_entries_up_to_its_id(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let (bus, reader) = (deployment.bus(), deployment.bus());
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    for round in 0..HISTORIES {
        let history = history()
            .new_tree(&mut runner)
            .expect("a history")
            .current();
        let base = 10 * (round as u64 + 1);
        let mut authors = Vec::new();
        for guild in 1..4 {
            authors.push(Author::seeded(&bus, base + guild).await);
        }
        let guilds: Vec<_> = authors.iter().map(|author| author.guild).collect();
        let publishing = async {
            for steps in history {
                let changes = steps.iter().map(|(guild, changes)| {
                    let author = &mut authors[(*guild - 1) as usize];
                    let entries = changes.iter().cloned().map(NewEntry::Audience).collect();
                    let mut change = author.change(entries);
                    change.state = changes.iter().map(operation).collect();
                    change
                });
                let changes = changes.collect();
                bus.publish(&Batch::of(changes)).await.expect("answers");
                tokio::task::yield_now().await;
            }
        };
        let reading = async {
            let mut cuts: Vec<Cut> = Vec::new();
            for _ in 0..20 {
                cuts.push(reader.snapshot(&guilds).await.expect("answers"));
                tokio::task::yield_now().await;
            }
            cuts
        };
        let ((), mut cuts) = tokio::join!(publishing, reading);
        cuts.push(reader.snapshot(&guilds).await.expect("answers"));
        for (index, guild) in guilds.iter().enumerate() {
            let log = entries(&*bus, *guild).await;
            for cut in &cuts {
                check(&cut.guilds[index], &log, cut.id);
            }
        }
    }
}

fn check(cut: &crate::GuildCut, log: &[Entry], upto: EventId) {
    let state = &cut.state;
    let stored = Picture {
        channels: state
            .channels
            .iter()
            .map(|channel| (channel.id, channel.clone()))
            .collect(),
        roles: state
            .roles
            .iter()
            .map(|role| (role.id, role.clone()))
            .collect(),
        members: state
            .members
            .iter()
            .map(|member| (member.user_id, member.clone()))
            .collect(),
    };
    assert_eq!(stored, Picture::of(log, upto));
    let last = log
        .iter()
        .rfind(|entry| entry.id <= upto)
        .expect("the reseed at least");
    assert_eq!(cut.last, last.id);
    // a change without entries moves the position too
    assert!(cut.position >= last.position);
}

/// Two gateways with the same dispatches: each change is applied once, by one of them.
pub async fn concurrent_publishers_of_one_guild_lose_and_double_nothing(factory: &impl Factory) {
    let deployment = factory.deployment(Retention::default()).await;
    let (one, two) = (deployment.bus(), deployment.bus());
    let mut author = Author::seeded(&one, 1).await;
    let guild = author.guild;
    let changes: Vec<Change> = (0..300)
        .map(|n| author.change(vec![event(guild, "a"), message(guild, n, "text")]))
        .collect();
    let publish = |bus: Arc<dyn EventBus>, size: usize| {
        let changes = changes.clone();
        async move {
            let mut applied = 0;
            let mut at = 0;
            while at < changes.len() {
                let end = (at + size).min(changes.len());
                let batch = Batch::of(changes[at..end].to_vec());
                for outcome in bus.publish(&batch).await.expect("answers") {
                    match outcome {
                        Outcome::Applied(_) => applied += 1,
                        Outcome::Duplicate => {}
                        Outcome::Behind { .. } => panic!("both publish in order"),
                    }
                }
                at = end;
            }
            applied
        }
    };
    let (a, b) = tokio::join!(publish(one.clone(), 7), publish(two, 3));
    assert_eq!(a + b, 300);
    let log = entries(&*one, guild).await;
    assert_eq!(log.len(), 601);
    for pair in log.windows(2) {
        assert_eq!(pair[1].previous, pair[0].id);
        assert!(pair[1].position >= pair[0].position);
    }
}
