use flate2::{Decompress, FlushDecompress, Status};

use super::{CompressionError, recycle};

/// Ends each of the Gateway's messages (`Z_SYNC_FLUSH`).
const SUFFIX: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// Room that is made for output at a time, in bytes.
const STEP: usize = 32 << 10;

/// `zlib-stream`. A WebSocket message may be a part of one of the Gateway's.
pub(crate) struct ZlibStream {
    inflate: Decompress,
    output: Vec<u8>,
    /// The last bytes that came: the suffix may be spread over two parts.
    tail: [u8; 4],
    complete: bool,
    max: usize,
}

impl ZlibStream {
    pub(super) fn new(max: usize) -> Self {
        Self {
            inflate: Decompress::new(true),
            output: Vec::new(),
            tail: [0xff; 4],
            complete: false,
            max,
        }
    }

    pub(super) fn push(&mut self, part: &[u8]) -> Result<Option<&[u8]>, CompressionError> {
        if std::mem::take(&mut self.complete) {
            recycle(&mut self.output);
        }
        self.inflate(part)?;
        for byte in &part[part.len().saturating_sub(SUFFIX.len())..] {
            self.tail.rotate_left(1);
            self.tail[3] = *byte;
        }
        self.complete = self.tail == SUFFIX;
        Ok(self.complete.then_some(self.output.as_slice()))
    }

    fn inflate(&mut self, mut input: &[u8]) -> Result<(), CompressionError> {
        loop {
            self.output.reserve(STEP);
            let (read, written) = (self.inflate.total_in(), self.output.len());
            let status = self
                .inflate
                .decompress_vec(input, &mut self.output, FlushDecompress::None)
                .map_err(|_| CompressionError::Corrupt)?;
            let read = (self.inflate.total_in() - read) as usize;
            input = &input[read..];
            if self.output.len() > self.max {
                return Err(CompressionError::TooLarge);
            }
            if status == Status::StreamEnd {
                return Err(CompressionError::Corrupt);
            }
            let full = self.output.len() == self.output.capacity();
            if input.is_empty() && !full {
                return Ok(());
            }
            if read == 0 && self.output.len() == written {
                return Err(CompressionError::Corrupt);
            }
        }
    }
}
