use std::fmt;

use opentelemetry::{Context, trace::TraceContextExt as _};
use serde::ser::{SerializeMap, Serializer as _};
use serde_json::value::RawValue;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_log::NormalizeEvent as _;
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatFields, FormattedFields,
        format::Writer,
        time::{FormatTime as _, SystemTime},
    },
    registry::LookupSpan,
};

use super::lines::Line;

/// One JSON object a line: `timestamp` (RFC 3339, UTC), `level`, `message`, the event's own fields, `target`, `service`, `version`, and where
/// there are any `suppressed`, `trace_id`, `span`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Json {
    /// Whose line it is.
    pub(super) service: &'static str,
}

/// What a line says by itself. A field of such a name gets a `_` behind it.
const OWN: &[&str] = &[
    "timestamp",
    "level",
    "suppressed",
    "target",
    "service",
    "version",
    "trace_id",
    "span",
];

/// A W3C traceparent as a field: of a line that is written outside of the trace that it belongs to.
const TRACE: &str = "trace";

impl<S, N> Line<S, N> for Json
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn write(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
        suppressed: u64,
    ) -> fmt::Result {
        let mut line = Vec::with_capacity(256);
        let span = context.lookup_current();
        let span = span.as_ref().map(|span| (span.name(), span.extensions()));
        let span = span.as_ref().map(|(name, extensions)| {
            let fields = extensions.get::<FormattedFields<N>>();
            (*name, fields.map_or("", |fields| fields.fields.as_str()))
        });
        self.object(&mut line, event, suppressed, span)
            .map_err(|_| fmt::Error)?;
        writeln!(writer, "{}", String::from_utf8_lossy(&line))
    }
}

impl Json {
    fn object(
        self,
        line: &mut Vec<u8>,
        event: &Event<'_>,
        suppressed: u64,
        span: Option<(&str, &str)>,
    ) -> serde_json::Result<()> {
        let log = event.normalized_metadata();
        let metadata = log.as_ref().unwrap_or_else(|| event.metadata());
        let mut serializer = serde_json::Serializer::new(line);
        let mut map = serializer.serialize_map(None)?;
        let mut now = String::new();
        // Writing into a string does not fail.
        let _written = SystemTime.format_time(&mut Writer::new(&mut now));
        map.serialize_entry("timestamp", &now)?;
        map.serialize_entry("level", metadata.level().as_str())?;
        let mut fields = Fields {
            map: &mut map,
            trace_id: None,
            outcome: Ok(()),
        };
        event.record(&mut fields);
        let of_field = fields.trace_id.take();
        fields.outcome?;
        if suppressed > 0 {
            map.serialize_entry("suppressed", &suppressed)?;
        }
        map.serialize_entry("target", metadata.target())?;
        map.serialize_entry("service", self.service)?;
        map.serialize_entry("version", env!("CARGO_PKG_VERSION"))?;
        if let Some(id) = current_trace().or(of_field) {
            map.serialize_entry("trace_id", &id)?;
        }
        if let Some((name, fields)) = span {
            let mut told = serde_json::Map::new();
            if let Ok(fields) = serde_json::from_str::<&RawValue>(fields) {
                told = serde_json::from_str(fields.get()).unwrap_or_default();
            }
            told.insert("name".to_owned(), name.into());
            map.serialize_entry("span", &told)?;
        }
        map.end()
    }
}

/// The trace that this line belongs to, if it is kept.
fn current_trace() -> Option<String> {
    Context::map_current(|context| {
        let span = context.span();
        let span = span.span_context();
        span.is_sampled().then(|| span.trace_id().to_string())
    })
}

/// The trace that a W3C traceparent names (version-trace-parent-flags), if it is kept: bit 0 of the flags.
fn trace_of(traceparent: &str) -> Option<String> {
    let mut parts = traceparent.split('-').skip(1);
    let (trace, _parent, flags) = (parts.next()?, parts.next()?, parts.next()?);
    let flags = u8::from_str_radix(flags, 16).ok()?;
    (trace.len() == 32 && flags & 1 == 1).then(|| trace.to_owned())
}

struct Fields<'a, M: SerializeMap> {
    map: &'a mut M,
    trace_id: Option<String>,
    outcome: Result<(), M::Error>,
}

impl<M: SerializeMap> Fields<'_, M> {
    fn put(&mut self, field: &Field, value: &(impl serde::Serialize + ?Sized)) {
        let name = field.name();
        // What the `log` crate's lines bring along about themselves is in `target`.
        if self.outcome.is_err() || name.starts_with("log.") {
            return;
        }
        self.outcome = if OWN.contains(&name) {
            self.map.serialize_entry(&format!("{name}_"), value)
        } else {
            self.map.serialize_entry(name, value)
        };
    }
}

impl<M: SerializeMap> Visit for Fields<'_, M> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == TRACE {
            self.trace_id = trace_of(value);
        } else {
            self.put(field, value);
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, &value);
    }
}
