use contracts::EventId;

/// The longest frame; a snapshot of many guilds is long.
const LONGEST_FRAME: usize = 16 * 1024 * 1024;

/// What the content of a numbered message begins with in a payload.
const MARK: &[u8] = b"\"content\":\"#";

/// One frame of a stream, as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) event: &'a str,
    pub(crate) id: Option<EventId>,
    /// The number and the time of emission (Unix µs) that a burst's message carries.
    pub(crate) numbered: Option<(u64, u64)>,
}

/// Cuts a stream into frames as it comes.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    pending: Vec<u8>,
}

/// A frame that is too long to be one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

impl Frames {
    /// Takes bytes in and hands out every frame that is now whole. Comments and `retry:` are none.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        mut frame: impl FnMut(Frame<'_>),
    ) -> Result<(), TooLong> {
        self.pending.extend_from_slice(bytes);
        let mut begin = 0;
        // A blank line may straddle what was there and what came.
        let mut from = (self.pending.len() - bytes.len()).saturating_sub(1);
        while let Some(at) = self.pending[from..]
            .windows(2)
            .position(|two| two == b"\n\n")
        {
            let end = from + at;
            if let Some(parsed) = parse(&self.pending[begin..end]) {
                frame(parsed);
            }
            begin = end + 2;
            from = begin;
        }
        self.pending.drain(..begin);
        if self.pending.len() > LONGEST_FRAME {
            return Err(TooLong);
        }
        Ok(())
    }
}

fn parse(bytes: &[u8]) -> Option<Frame<'_>> {
    let mut found = Frame {
        event: "message",
        id: None,
        numbered: None,
    };
    let mut has_data = false;
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Some(value) = line.strip_prefix(b"event: ") {
            found.event = std::str::from_utf8(value).ok()?;
        } else if let Some(value) = line.strip_prefix(b"id: ") {
            let id = std::str::from_utf8(value).ok()?;
            // While rooms are put right, an id also says how far they are.
            let told = id.split_once('~').map_or(id, |(told, _)| told);
            found.id = told.parse().ok();
        } else if let Some(value) = line.strip_prefix(b"data: ") {
            has_data = true;
            found.numbered = numbered(value);
        }
    }
    has_data.then_some(found)
}

/// `#<number> <Unix µs>` at the beginning of a message's content.
fn numbered(data: &[u8]) -> Option<(u64, u64)> {
    let begin = data.windows(MARK.len()).position(|part| part == MARK)? + MARK.len();
    let (number, rest) = digits(&data[begin..])?;
    let (micros, _) = digits(rest.strip_prefix(b" ")?)?;
    Some((number, micros))
}

fn digits(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let end = bytes
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(bytes.len());
    let number = std::str::from_utf8(&bytes[..end]).ok()?.parse().ok()?;
    Some((number, &bytes[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] = b"retry: 1234\n\n: ping\n\nevent: snapshot\nid: 5-0\ndata: {\"guilds\":[]}\n\nid: 6-0\n\n\
        event: message.created\nid: 7-1\ndata: {\"guildId\":\"1\",\"content\":\"#42 1763836800123456\",\"attachments\":[]}\n\n\
        event: reset\ndata: {\"reason\":\"trimmed\"}\n\n";

    type Found = (String, Option<EventId>, Option<(u64, u64)>);

    fn read(pieces: &[&[u8]]) -> Vec<Found> {
        let mut frames = Frames::default();
        let mut found = Vec::new();
        for piece in pieces {
            frames
                .feed(piece, |frame| {
                    found.push((frame.event.to_owned(), frame.id, frame.numbered));
                })
                .unwrap();
        }
        found
    }

    #[test]
    fn frames_are_found_wherever_the_bytes_are_cut() {
        let whole = [
            ("snapshot".to_owned(), Some(EventId::new(5, 0)), None),
            (
                "message.created".to_owned(),
                Some(EventId::new(7, 1)),
                Some((42, 1_763_836_800_123_456)),
            ),
            ("reset".to_owned(), None, None),
        ];
        for cut in 0..STREAM.len() {
            let (a, b) = STREAM.split_at(cut);
            assert_eq!(read(&[a, b]), whole, "{cut}");
        }
        let single: Vec<&[u8]> = STREAM.chunks(1).collect();
        assert_eq!(read(&single), whole);
    }

    #[test]
    fn other_messages_have_no_number() {
        for data in [
            &b"{\"content\":\"# 5\"}"[..],
            b"{\"content\":\"#5\"}",
            b"{\"content\":null}",
            b"{\"content\":\"#5 x\"}",
        ] {
            assert_eq!(numbered(data), None);
        }
    }
}
