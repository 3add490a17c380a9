use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Format, Full, Writer},
    },
    registry::LookupSpan,
};

use super::repetition::Repetition;

/// Writes one event as a line that also says how many of its kind were left out before it.
pub(super) trait Line<S, N> {
    /// Writes it, with the line break.
    fn write(
        &self,
        context: &FmtContext<'_, S, N>,
        writer: Writer<'_>,
        event: &Event<'_>,
        suppressed: u64,
    ) -> fmt::Result;
}

/// Writes events as lines, but not the same one again and again.
#[derive(Debug)]
pub(super) struct Lines<L> {
    line: L,
    repetition: Repetition,
}

impl<L> Lines<L> {
    pub(super) fn new(line: L) -> Self {
        Self {
            line,
            repetition: Repetition::default(),
        }
    }
}

impl<S, N, L> FormatEvent<S, N> for Lines<L>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
    L: Line<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        match self.repetition.admit(event) {
            Some(suppressed) => self.line.write(context, writer, event, suppressed),
            // What is not written costs no line: nothing is added to an empty buffer.
            None => Ok(()),
        }
    }
}

/// For people.
impl<S, N> Line<S, N> for Format<Full>
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
        if suppressed > 0 {
            writeln!(
                writer,
                "({suppressed} more like the following were left out)"
            )?;
        }
        self.format_event(context, writer, event)
    }
}
