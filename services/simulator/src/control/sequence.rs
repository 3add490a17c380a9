//! Starting a sequence.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{ControlError, acts::guild::users, ask::Ask};
use crate::{
    clock,
    sequence::{Kind, Playing, Sequence},
    simulation::Shared,
    world::World,
};

/// Acts a second, if nothing is said.
const RATE: f64 = 100.0;

/// How many acts, if nothing is said.
const ACTS: u64 = 1_000;

/// Most acts of one sequence.
const COUNT: u64 = 10_000_000;

/// Starts a sequence; with `wait: true` the answer comes at its end.
pub(super) async fn start(
    simulation: Shared,
    fields: &Map<String, Value>,
) -> Result<Value, ControlError> {
    let sequence = simulation.read(|world| of(world, Ask(fields), simulation.config.seed))?;
    let waits = Ask(fields).flag("wait")?.unwrap_or(false);
    let lifecycle = simulation.lifecycle.get().cloned();
    let lifecycle =
        lifecycle.ok_or_else(|| ControlError::busy("the simulator isn't started yet"))?;
    let playing = Arc::new(Playing::new(sequence));
    let begun = {
        let mut state = simulation.lock();
        if state
            .sequence
            .as_ref()
            .is_some_and(|playing| playing.is_running())
        {
            return Err(ControlError::busy("a sequence is being played"));
        }
        state.sequence = Some(Arc::clone(&playing));
        let Sequence {
            seed,
            guilds,
            rate,
            count,
            from,
            ..
        } = &playing.sequence;
        json!({
            "seed": seed, "guilds": guilds, "rate": rate, "count": count, "from": from,
            "log": state.log.last(), "startMicros": clock::unix_micros(),
        })
    };
    let drain = lifecycle.drain();
    let running = {
        let (playing, simulation) = (Arc::clone(&playing), Arc::clone(&simulation));
        async move {
            let run = playing.run(&simulation);
            tokio::pin!(run);
            tokio::select! {
                () = &mut run => {}
                () = drain.cancelled() => {
                    playing.stop.cancel();
                    run.await;
                }
            }
        }
    };
    let ended = playing.ended();
    lifecycle.track(running);
    if !waits {
        return Ok(begun);
    }
    ended.cancelled().await;
    let mut answer = begun;
    answer["end"] = playing.json();
    Ok(answer)
}

fn of(world: &World, ask: Ask<'_>, seed: u64) -> Result<Sequence, ControlError> {
    let mut guilds = Vec::new();
    for name in ask.texts("guilds")? {
        let guild = world.find_guild(&name).ok_or_else(|| {
            ControlError::unknown("guilds", format!("there is no guild `{name}`"))
        })?;
        guilds.push(guild.id);
    }
    if guilds.is_empty() {
        guilds = world.guilds_of(world.bot).map(|guild| guild.id).collect();
    }
    let mut kinds = Vec::new();
    for name in ask.texts("kinds")? {
        kinds.push(
            name.parse()
                .map_err(|detail: String| ControlError::unknown("kinds", detail))?,
        );
    }
    if kinds.is_empty() {
        kinds = Kind::USUAL.to_vec();
    }
    let rate = ask.rate()?.unwrap_or(RATE);
    let count = match (ask.number("count")?, ask.number("seconds")?) {
        (Some(count), _) => count,
        (None, Some(seconds)) => (seconds as f64 * rate) as u64,
        (None, None) => ACTS,
    };
    if !(1..=COUNT).contains(&count) {
        let detail = format!("there have to be 1 to {COUNT} acts");
        return Err(ControlError::invalid("count", detail));
    }
    Ok(Sequence {
        seed: ask.number("seed")?.unwrap_or(seed),
        guilds,
        kinds,
        rate,
        count,
        from: ask.number("from")?.unwrap_or(1).max(1),
        outcasts: users(world, "outcasts", &ask.texts("outcasts")?)?,
        mark: ask.text("mark")?,
    })
}
