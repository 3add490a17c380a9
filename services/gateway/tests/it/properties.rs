//! What holds for any sequence of dispatches.

mod acts;
mod audience;
mod picture;

use std::collections::BTreeMap;

use contracts::GuildId;
use discord::{Dispatch, Event, Intents, ShardId};
use event_bus::{Batch, Change, EventBus, MemoryBus, Outcome, Position, Retention, StoredGuild};
use gateway::{
    normalize::{Context, Rules, normalize},
    state::Guilds,
};
use proptest::prelude::*;

use acts::{Act, GUILDS};
use audience::Audience;
use picture::Picture;

/// Small enough that members are forgotten all the time.
const MEMBER_LIMIT: usize = 3;

/// What a gateway makes of a sequence of acts: each dispatch with its generation and its changes.
struct Run {
    guilds: Guilds,
    steps: Vec<(u64, Dispatch, Vec<Change>)>,
}

fn rules() -> Rules {
    let intents = Intents::UNPRIVILEGED | Intents::PRIVILEGED;
    Rules {
        served: None,
        intents,
        cdn_url: "https://cdn.example".to_owned(),
    }
}

fn apply(guilds: &mut Guilds, generation: u64, dispatch: &Dispatch) -> Vec<Change> {
    let names = BTreeMap::new();
    let context = Context {
        rules: &rules(),
        names: &names,
        behalves: &std::collections::BTreeMap::new(),
        generation,
        known_until: None,
    };
    normalize(dispatch, guilds, context)
}

fn run(acts: &[Act]) -> Run {
    let mut guilds = Guilds::with_member_limit(MEMBER_LIMIT);
    let (mut generation, mut seq) = (1, 0);
    let mut steps = Vec::new();
    for act in acts {
        let event = act.event();
        if matches!(event, Event::Ready(_)) {
            (generation, seq) = (generation + 1, 0);
        }
        seq += 1;
        let dispatch = Dispatch {
            shard: ShardId::ONE,
            seq,
            received_at: 1_000 + seq,
            event,
        };
        let changes = apply(&mut guilds, generation, &dispatch);
        steps.push((generation, dispatch, changes));
    }
    Run { guilds, steps }
}

impl Run {
    fn changes(&self) -> impl Iterator<Item = &Change> {
        self.steps.iter().flat_map(|(_, _, changes)| changes)
    }
}

fn publish(bus: &MemoryBus, changes: &[Change]) -> Vec<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let batches = changes.chunks(Batch::LIMIT);
    let outcomes = batches.map(|chunk| {
        runtime
            .block_on(bus.publish(&Batch::of(chunk.to_vec())))
            .unwrap()
    });
    outcomes.flatten().collect()
}

fn stored(bus: &MemoryBus, guild: GuildId) -> Option<(Position, StoredGuild)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let cut = runtime.block_on(bus.snapshot(&[guild])).unwrap();
    cut.guilds
        .into_iter()
        .next()
        .map(|cut| (cut.position, cut.state))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_stored_state_is_the_state_in_memory(acts in acts::many()) {
        let run = run(&acts);
        let bus = MemoryBus::new(Retention::default());
        let changes: Vec<Change> = run.changes().cloned().collect();
        for (change, outcome) in changes.iter().zip(publish(&bus, &changes)) {
            prop_assert!(matches!(outcome, Outcome::Applied(_)), "{change:?}: {outcome:?}");
        }
        for guild in GUILDS {
            let memory = run.guilds.guild(guild);
            let memory = memory.map(|state| (state.position().unwrap(), state.stored()));
            prop_assert_eq!(stored(&bus, guild), memory);
        }
        // The same again, as after an answer that got lost.
        for outcome in publish(&bus, &changes) {
            prop_assert_eq!(outcome, Outcome::Duplicate);
        }
    }

    #[test]
    fn each_change_builds_on_the_one_before(acts in acts::many()) {
        let mut last: BTreeMap<GuildId, Position> = BTreeMap::new();
        for change in run(&acts).changes() {
            prop_assert!(last.get(&change.guild).is_none_or(|last| *last < change.position));
            if !change.reseed {
                prop_assert_eq!(change.previous, last.get(&change.guild).copied());
                let empty = change.state.is_empty() && change.entries.is_empty();
                prop_assert!(!empty, "a change that changes nothing: {change:?}");
            }
            last.insert(change.guild, change.position);
        }
    }

    #[test]
    fn what_browsers_are_told_is_a_picture_that_never_contradicts_itself(acts in acts::many()) {
        let run = run(&acts);
        let mut pictures: BTreeMap<GuildId, Picture> = BTreeMap::new();
        for change in run.changes() {
            let picture = pictures.entry(change.guild).or_default();
            picture.follow(change).map_err(TestCaseError::fail)?;
        }
        for guild in GUILDS {
            let told = pictures.remove(&guild).unwrap_or_default();
            let known = run.guilds.guild(guild).map(Picture::of).unwrap_or_default();
            prop_assert_eq!(told, known);
        }
    }

    #[test]
    fn replicas_are_told_all_that_decides_who_sees_what_and_what_it_was(acts in acts::many()) {
        let run = run(&acts);
        let mut audiences: BTreeMap<GuildId, Audience> = BTreeMap::new();
        for (_, dispatch, changes) in &run.steps {
            for change in changes {
                let audience = audiences.entry(change.guild).or_default();
                audience.follow(change).map_err(TestCaseError::fail)?;
            }
            if let Some(guild) = dispatch.event.guild_id() {
                audiences.entry(guild).or_default().threads.happen(&dispatch.event);
            }
        }
        for guild in GUILDS {
            let told = audiences.remove(&guild).unwrap_or_default();
            let state = run.guilds.guild(guild);
            told.is_the_state(state).map_err(TestCaseError::fail)?;
        }
    }

    #[test]
    fn the_same_dispatches_again_change_nothing_or_the_same(acts in acts::many(), from: prop::sample::Index) {
        let mut first = run(&acts);
        let second = run(&acts);
        let positions = |run: &Run| -> Vec<_> {
            run.changes().map(|change| (change.guild, change.previous, change.position)).collect()
        };
        prop_assert_eq!(positions(&first), positions(&second));
        // A replay after a resume, from anywhere.
        let from = from.index(first.steps.len());
        for (generation, dispatch, _) in &first.steps[from..] {
            let changes = apply(&mut first.guilds, *generation, dispatch);
            prop_assert!(changes.is_empty(), "{dispatch:?} came twice: {changes:?}");
        }
    }

    #[test]
    fn members_are_bounded_but_nobody_in_a_room_is_forgotten(acts in acts::many()) {
        let run = run(&acts);
        for guild in GUILDS {
            let Some(state) = run.guilds.guild(guild) else { continue };
            let idle = state.members().filter(|member| state.voice(member.user_id).is_none());
            prop_assert!(idle.count() <= MEMBER_LIMIT);
        }
    }
}
