//! The format of server-sent events (WHATWG HTML, "Interpreting an event stream").

use std::time::Duration;

/// The longest line that is no attack.
const LONGEST_LINE: usize = 32 * 1024 * 1024;

/// What a piece of the stream amounts to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// An event with the id that is the last one after it.
    Event {
        event: String,
        id: Option<String>,
        data: String,
    },
    /// An id without an event.
    Cursor(String),
    /// How long to wait before coming back.
    Retry(Duration),
}

/// Cuts a stream into pieces as it comes.
#[derive(Debug, Default)]
pub(super) struct EventStream {
    pending: Vec<u8>,
    event: String,
    data: String,
    id: Option<String>,
}

/// A line that does not end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl EventStream {
    /// Takes bytes in and hands out every piece that is whole by now.
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        mut piece: impl FnMut(Piece),
    ) -> Result<(), TooLong> {
        let known = self.pending.len();
        self.pending.extend_from_slice(bytes);
        let pending = std::mem::take(&mut self.pending);
        let (mut begin, mut from) = (0, known);
        while let Some(at) = pending[from..].iter().position(|byte| *byte == b'\n') {
            let line = &pending[begin..from + at];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            self.line(&String::from_utf8_lossy(line), &mut piece);
            (begin, from) = (from + at + 1, from + at + 1);
        }
        self.pending = pending[begin..].to_vec();
        if self.pending.len() > LONGEST_LINE {
            return Err(TooLong);
        }
        Ok(())
    }

    fn line(&mut self, line: &str, piece: &mut impl FnMut(Piece)) {
        if line.is_empty() {
            return self.end_of_block(piece);
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => value.clone_into(&mut self.event),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            "retry" => {
                if let Ok(millis) = value.parse() {
                    piece(Piece::Retry(Duration::from_millis(millis)));
                }
            }
            _ => {}
        }
    }

    fn end_of_block(&mut self, piece: &mut impl FnMut(Piece)) {
        let (event, mut data) = (
            std::mem::take(&mut self.event),
            std::mem::take(&mut self.data),
        );
        let id = self.id.take();
        if data.is_empty() {
            if let Some(id) = id {
                piece(Piece::Cursor(id));
            }
            return;
        }
        data.pop();
        let event = if event.is_empty() {
            "message".to_owned()
        } else {
            event
        };
        piece(Piece::Event { event, id, data });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] =
        b"retry: 1234\n\n: ping\n\nevent: voice.joined\nid: 5-0\ndata: {\"a\":1}\n\nid: 6-0\n\n\
        event: reset\r\ndata: {}\r\ndata:x\r\n\r\ndata: half";

    fn read(pieces: &[&[u8]]) -> Vec<Piece> {
        let mut stream = EventStream::default();
        let mut found = Vec::new();
        for bytes in pieces {
            stream.feed(bytes, |piece| found.push(piece)).unwrap();
        }
        found
    }

    #[test]
    fn pieces_are_found_wherever_the_bytes_are_cut_and_half_a_block_is_none() {
        let whole = [
            Piece::Retry(Duration::from_millis(1234)),
            Piece::Event {
                event: "voice.joined".to_owned(),
                id: Some("5-0".to_owned()),
                data: "{\"a\":1}".to_owned(),
            },
            Piece::Cursor("6-0".to_owned()),
            Piece::Event {
                event: "reset".to_owned(),
                id: None,
                data: "{}\nx".to_owned(),
            },
        ];
        for cut in 0..STREAM.len() {
            let (a, b) = STREAM.split_at(cut);
            assert_eq!(read(&[a, b]), whole, "{cut}");
        }
        let single: Vec<&[u8]> = STREAM.chunks(1).collect();
        assert_eq!(read(&single), whole);
    }
}
