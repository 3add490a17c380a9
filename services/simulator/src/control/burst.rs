//! Many numbered events, fast: for load tests.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tokio::time;

use super::{ControlError, ask::Ask};
use crate::{
    clock,
    simulation::{Shared, Simulation, Told},
    world::{Author, Draft, Id, World, kind, permissions},
};

/// Most events of one burst.
const COUNT: u64 = 1_000_000;

/// Without a rate, others get their turn after so many events.
const YIELD_EVERY: u64 = 32;

/// What a burst is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Messages `#<number> <Unix µs>`.
    Message,
    /// Each event moves one person to the next public voice channel.
    Voice,
}

/// A burst.
#[derive(Debug, Clone)]
struct Burst {
    kind: Kind,
    guild: Id,
    channel: Id,
    rooms: Vec<Id>,
    people: Vec<Id>,
    count: u64,
    /// The first number.
    from: u64,
    /// Events a second; all at once if `None`.
    rate: Option<f64>,
}

/// Starts a burst; with `wait: true` the answer comes at its end.
pub(super) async fn start(
    simulation: Shared,
    fields: &Map<String, Value>,
) -> Result<Value, ControlError> {
    let burst = simulation.read(|world| Burst::of(world, Ask(fields)))?;
    let waits = Ask(fields).flag("wait")?.unwrap_or(false);
    let permit = simulation
        .bursts
        .clone()
        .try_acquire_owned()
        .map_err(|_| ControlError::busy("too many bursts at once"))?;
    let begun = json!({
        "count": burst.count, "from": burst.from, "guild": burst.guild, "channel": burst.channel,
        "log": simulation.lock().log.last(), "startMicros": clock::unix_micros(),
    });
    if waits {
        let mut answer = begun;
        let (first, last) = run(&simulation, &burst).await;
        answer["firstMicros"] = json!(first);
        answer["lastMicros"] = json!(last);
        return Ok(answer);
    }
    let lifecycle = simulation.lifecycle.get().cloned();
    let lifecycle =
        lifecycle.ok_or_else(|| ControlError::busy("the simulator isn't started yet"))?;
    lifecycle.track(async move {
        let _permit = permit;
        run(&simulation, &burst).await;
    });
    Ok(begun)
}

impl Burst {
    fn of(world: &World, ask: Ask<'_>) -> Result<Self, ControlError> {
        let kind = match ask.text("kind")?.as_deref() {
            None | Some("message") => Kind::Message,
            Some("voice") => Kind::Voice,
            Some(other) => {
                return Err(ControlError::unknown(
                    "kind",
                    format!("there is no burst of `{other}`"),
                ));
            }
        };
        let guild = ask.guild(world)?;
        let state = world.guild(guild)?;
        let public = |of: u8| {
            let open = |id: &Id| {
                state.channels[id]
                    .overwrites
                    .iter()
                    .all(|entry| entry.deny & permissions::VIEW_CHANNEL == 0)
            };
            state
                .channels
                .values()
                .filter(move |c| c.kind == of)
                .map(|c| c.id)
                .filter(open)
                .collect::<Vec<Id>>()
        };
        let channel = match ask.text("channel")? {
            Some(_) => ask.channel_in(world, guild, "channel", false)?,
            None => *public(kind::TEXT).first().ok_or_else(|| {
                ControlError::unknown("channel", "there is no public text channel".to_owned())
            })?,
        };
        let rate = ask.rate()?;
        let is_person = |user: &&Id| world.users.get(user).is_some_and(|user| !user.bot);
        let people: Vec<Id> = state.members.keys().filter(is_person).copied().collect();
        let count = ask.number("count")?.unwrap_or(100);
        if !(1..=COUNT).contains(&count) {
            return Err(ControlError::invalid(
                "count",
                format!("`count` has to be 1 to {COUNT}"),
            ));
        }
        let rooms = public(kind::VOICE);
        if people.is_empty() || (kind == Kind::Voice && rooms.len() < 2) {
            return Err(ControlError::invalid(
                "guild",
                "there are not enough people or rooms for a burst",
            ));
        }
        Ok(Self {
            kind,
            guild,
            channel,
            rooms,
            people,
            count,
            from: ask.number("from")?.unwrap_or(1),
            rate,
        })
    }

    /// One event; `None` if it couldn't be made.
    fn emit(&self, simulation: &Simulation, number: u64) -> Option<Told> {
        let at = |list: &[Id], index: u64| list[usize::try_from(index).unwrap_or(0) % list.len()];
        let person = at(&self.people, number);
        let told = simulation.change_told(|world| match self.kind {
            Kind::Message => {
                let text = format!("#{number} {}", clock::unix_micros());
                world
                    .post(self.channel, Draft::text(Author::User(person), text))
                    .map(|_| ())
            }
            Kind::Voice => {
                let room = at(&self.rooms, number / self.people.len() as u64 + number);
                let here = world
                    .guild(self.guild)?
                    .voice
                    .get(&person)
                    .map(|voice| voice.channel);
                let next = if here == Some(room) {
                    at(&self.rooms, number / self.people.len() as u64 + number + 1)
                } else {
                    room
                };
                world.join(self.guild, person, next).map(|_| ())
            }
        });
        told.ok().map(|((), told)| told)
    }
}

/// Emits all events on an absolute schedule: one that is late doesn't delay the next.
async fn run(simulation: &Simulation, burst: &Burst) -> (Option<u64>, Option<u64>) {
    let begin = Instant::now();
    let (mut first, mut last) = (None, None);
    for step in 0..burst.count {
        match burst.rate {
            Some(rate) => {
                let due = begin + Duration::from_secs_f64(step as f64 / rate);
                if due > Instant::now() {
                    time::sleep_until(due.into()).await;
                } else if step % YIELD_EVERY == 0 {
                    tokio::task::yield_now().await;
                }
            }
            None if step % YIELD_EVERY == 0 => tokio::task::yield_now().await,
            None => {}
        }
        let told = burst.emit(simulation, burst.from + step);
        last = told.map(|told| told.at_micros).or(last);
        first = first.or(last);
    }
    (first, last)
}
