use bytes::{Bytes, BytesMut};

use super::frame::Block;

/// What is written to a stream at once.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// The encoded blocks.
    pub(crate) bytes: Bytes,
    /// How many events they hold.
    pub(crate) events: u64,
    /// Unix ms when the gateway received the latest of them; 0 if none came live from it.
    pub(crate) newest_ts: u64,
}

/// Blocks on their way into a chunk. One alone is passed on as it is; several are joined.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    blocks: Vec<Bytes>,
    bytes: usize,
    pub(crate) events: u64,
    pub(crate) newest_ts: u64,
}

impl Pieces {
    pub(crate) fn push(&mut self, piece: Bytes) {
        self.bytes += piece.len();
        self.blocks.push(piece);
    }

    /// Adds an event.
    pub(crate) fn event(&mut self, block: &Block, with_id: bool, ts: u64) {
        self.push(block.bytes(with_id));
        self.events += 1;
        self.newest_ts = self.newest_ts.max(ts);
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes
    }

    /// The chunk; `None` if there is nothing in it.
    pub(crate) fn chunk(mut self) -> Option<Chunk> {
        let bytes = match self.blocks.len() {
            0 => return None,
            1 => self.blocks.swap_remove(0),
            _ => {
                let mut joined = BytesMut::with_capacity(self.bytes);
                for piece in &self.blocks {
                    joined.extend_from_slice(piece);
                }
                joined.freeze()
            }
        };
        Some(Chunk {
            bytes,
            events: self.events,
            newest_ts: self.newest_ts,
        })
    }
}
