//! The spans of the straight line: one trace from a dispatch of Discord to the bus. The events of a change take it on to the
//! replicas. A dispatch whose trace is not kept has none of them. And the span of a command, whose trace began in web.

use contracts::{GuildId, command::Act, link::Command};
use discord::{Dispatch, ShardId};
use event_bus::{Change, NewEntry, Outcome};
use telemetry::{BEGIN, SPAN};
use tracing::{
    Span, debug_span,
    field::{Empty, display},
};

use crate::pipeline::since;

/// The trace of a dispatch begins; until its changes are handed over to the publisher.
pub(crate) fn dispatch(shard: ShardId, dispatch: &Dispatch) -> Span {
    telemetry::sampled(|| {
        debug_span!(
            target: BEGIN,
            "discord.dispatch",
            otel.kind = "consumer",
            messaging.system = "discord",
            messaging.operation.name = "dispatch",
            messaging.operation.type = "receive",
            discord.event = dispatch.event.name(),
            discord.shard = %shard,
            discord.seq = dispatch.seq,
            fanfare.guild_id = dispatch.event.guild_id().map(GuildId::get).map(display),
            fanfare.waited_ms = since(dispatch.received_at).as_millis() as u64,
        )
    })
}

/// What it means is found out.
pub(crate) fn normalize() -> Span {
    debug_span!(target: SPAN, "normalize", fanfare.changes = Empty)
}

/// A change on its way: from the queue of the publisher until the bus has it. Its events are told whose they are.
pub(crate) fn publish(dispatch: &Span, change: &mut Change) -> Span {
    if dispatch.is_disabled() {
        return Span::none();
    }
    let kinds = change.entries.iter().filter_map(|entry| match entry {
        NewEntry::Event(event) => Some(event.event.name()),
        NewEntry::Audience(_) => None,
    });
    let span = dispatch.in_scope(|| {
        debug_span!(
            target: SPAN,
            "publish",
            otel.kind = "producer",
            otel.status_code = Empty,
            messaging.system = "fanfare",
            messaging.operation.name = "publish",
            messaging.operation.type = "send",
            messaging.destination.name = %format_args!("guild/{}", change.guild),
            messaging.destination.template = "guild/{guild_id}",
            messaging.message.id = Empty,
            messaging.batch.message_count = Empty,
            fanfare.guild_id = %change.guild,
            fanfare.events = kinds.collect::<Vec<_>>().join(","),
            fanfare.outcome = Empty,
        )
    });
    let traceparent = telemetry::traceparent(&span);
    for entry in &mut change.entries {
        if let NewEntry::Event(event) = entry {
            event.trace.clone_from(&traceparent);
        }
    }
    span
}

/// The span within which a batch is carried to the bus: that of its first change that is traced. The others, of other traces,
/// are linked with it.
pub(crate) fn flight<'a>(changes: impl ExactSizeIterator<Item = &'a Span>) -> Span {
    let count = changes.len();
    let mut traced = changes.filter(|span| !span.is_disabled());
    let Some(first) = traced.next() else {
        return Span::none();
    };
    first.record("messaging.batch.message_count", count);
    for other in traced {
        other.record("messaging.batch.message_count", count);
        telemetry::link(other, first);
        telemetry::link(first, other);
    }
    first.clone()
}

/// The bus has answered for a change.
pub(crate) fn answered(span: &Span, outcome: Option<&Outcome>) {
    if span.is_disabled() {
        return;
    }
    let told = match outcome {
        Some(Outcome::Applied(ids)) => {
            if let Some(id) = ids.first() {
                span.record("messaging.message.id", display(id));
            }
            "applied"
        }
        Some(Outcome::Duplicate) => "duplicate",
        Some(Outcome::Behind { .. }) => "behind",
        None => "unavailable",
    };
    span.record("fanfare.outcome", told);
}

/// A command, from its arrival to its answer. Its trace began where it was asked for; none begins here.
pub(crate) fn command(command: &Command) -> Span {
    telemetry::continued(command.trace.as_deref(), || {
        debug_span!(
            target: BEGIN,
            "command",
            otel.name = %format_args!("command {}", known(command)),
            otel.kind = "server",
            otel.status_code = Empty,
            rpc.system = "link",
            rpc.method = known(command),
            fanfare.outcome = Empty,
        )
    })
}

/// A name that is not one of ours is somebody's own word.
pub(crate) fn known(command: &Command) -> &'static str {
    let known = Act::NAMES.iter().find(|name| **name == command.command);
    known.copied().unwrap_or("unknown")
}
