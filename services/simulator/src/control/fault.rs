//! Reading which fault is wanted.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{ControlError, ask::Ask};
use crate::{
    fault::{Lasting, Rule, from_now},
    gateway::Strike,
    simulation::Simulation,
};

/// For how long faults last that need an end and were not given one, in ms.
const FOR_MS: u64 = 60_000;

/// Every kind there is, for the error message.
const KINDS: &str = "drop, close, reconnect, invalid-session, heartbeat-request, stop-acks, freeze, delay, \
    malformed-frame, repeat, expire-sessions, reset-token, dead-resume-url, dead-gateway, drop-resume, no-hello, late-ready, ready-flood, \
    replay-duplicates, rest-429, rest-5xx, rest-down, slow-rest, silent-rest, revoke-grants";

/// Sets a fault; says how many sessions it hit at once.
pub(super) fn set(
    simulation: &Simulation,
    fields: &Map<String, Value>,
) -> Result<Value, ControlError> {
    let ask = Ask(fields);
    let kind = ask.required("kind")?;
    let shard = match ask.text("shard")?.as_deref() {
        Some("all") => None,
        _ => ask.number("shard")?,
    };
    if let Some(strike) = strike(&kind, ask)? {
        let hit = simulation.lock().sessions.strike(&strike, shard);
        return Ok(json!({ "kind": kind, "sessions": hit }));
    }
    if let Some(rule) = rule(&kind, ask, shard)? {
        simulation.lock().faults.add(rule);
        return Ok(json!({ "kind": kind, "sessions": 0 }));
    }
    match kind.as_str() {
        "reset-token" => {
            let mut state = simulation.lock();
            let tokens: Vec<String> = state
                .sessions
                .iter()
                .map(|session| session.token.clone())
                .collect();
            for token in &tokens {
                state.reset_token(token);
            }
            Ok(json!({ "kind": kind, "sessions": tokens.len() }))
        }
        "revoke-grants" => {
            let mut state = simulation.lock();
            let user = ask.user(&state.world)?;
            let revoked = state.grants.revoke_user(user);
            Ok(json!({ "kind": kind, "sessions": 0, "grants": revoked }))
        }
        _ => Err(ControlError::unknown(
            "kind",
            format!("there is no fault `{kind}`; there are {KINDS}"),
        )),
    }
}

/// Faults that hit what is there.
fn strike(kind: &str, ask: Ask<'_>) -> Result<Option<Strike>, ControlError> {
    let time = || {
        Ok::<_, ControlError>(Duration::from_millis(
            ask.number("for_ms")?.unwrap_or(FOR_MS),
        ))
    };
    Ok(Some(match kind {
        "drop" => Strike::Drop,
        "close" => {
            let code = ask.number("code")?.unwrap_or(4000);
            let valid = |code: &u16| matches!(code, 1000 | 1001 | 1011 | 3000..=4999);
            let code = u16::try_from(code).ok().filter(valid).ok_or_else(|| {
                ControlError::invalid(
                    "code",
                    format!("`{code}` is no close code that can be sent"),
                )
            })?;
            Strike::Close(code)
        }
        "reconnect" => Strike::Reconnect,
        "invalid-session" => Strike::InvalidSession {
            resumable: ask.flag("resumable")?.unwrap_or(false),
        },
        "heartbeat-request" => Strike::HeartbeatRequest,
        "stop-acks" => Strike::StopAcks(time()?),
        "freeze" => Strike::Freeze(time()?),
        "delay" => Strike::Delay(time()?),
        "malformed-frame" => Strike::MalformedFrame,
        "repeat" => {
            let count = ask.number("count")?.unwrap_or(10);
            Strike::Repeat(usize::try_from(count).unwrap_or(usize::MAX))
        }
        "expire-sessions" => Strike::ExpireSessions,
        _ => return Ok(None),
    }))
}

/// Faults that hit what comes.
fn rule(kind: &str, ask: Ask<'_>, shard: Option<u64>) -> Result<Option<Rule>, ControlError> {
    let (millis, amount) = (ask.number("ms")?, ask.number("amount")?);
    let (what, amount) = match kind {
        "dead-resume-url" => (Lasting::DeadResumeUrl, 0),
        "dead-gateway" => (Lasting::DeadGateway, 0),
        "drop-resume" => (Lasting::DropResume, 0),
        "no-hello" => (Lasting::NoHello, 0),
        "late-ready" => (Lasting::LateReady, millis.or(amount).unwrap_or(5_000)),
        "ready-flood" => (Lasting::ReadyFlood, amount.unwrap_or(2_000).min(5_000)),
        "replay-duplicates" => (Lasting::ReplayDuplicates, amount.unwrap_or(20)),
        "rest-429" => (Lasting::Rest429, millis.or(amount).unwrap_or(500)),
        "rest-5xx" => (Lasting::Rest5xx, ask.number("code")?.unwrap_or(502)),
        "rest-down" => (Lasting::Rest5xx, ask.number("code")?.unwrap_or(500)),
        "silent-rest" => (Lasting::SilentRest, millis.or(amount).unwrap_or(FOR_MS)),
        "slow-rest" => (Lasting::SlowRest, millis.or(amount).unwrap_or(2_000)),
        _ => return Ok(None),
    };
    let (count, for_ms) = (ask.number("count")?, ask.number("for_ms")?);
    // Without count and time a fault hits once; slow answers and what is dead last for a while.
    let lasts = kind == "rest-down"
        || matches!(
            what,
            Lasting::DeadResumeUrl | Lasting::DeadGateway | Lasting::SlowRest | Lasting::SilentRest
        );
    let left = count
        .or_else(|| (for_ms.is_none() && !lasts).then_some(1))
        .map(|left| left.max(1));
    let until = for_ms
        .or_else(|| (lasts && count.is_none()).then_some(FOR_MS))
        .map(from_now);
    Ok(Some(Rule {
        what,
        amount,
        shard,
        until,
        left,
    }))
}
