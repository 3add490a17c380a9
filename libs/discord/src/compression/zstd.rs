use zstd_safe::{DCtx, InBuffer, OutBuffer};

use super::{CompressionError, recycle};

/// Room that is made for output at a time, in bytes.
const STEP: usize = 32 << 10;

/// `zstd-stream`. A WebSocket message is one of the Gateway's, but no finished zstd frame.
pub(crate) struct ZstdStream {
    context: DCtx<'static>,
    output: Vec<u8>,
    max: usize,
}

impl ZstdStream {
    pub(super) fn new(max: usize) -> Self {
        Self {
            context: DCtx::create(),
            output: Vec::new(),
            max,
        }
    }

    pub(super) fn push(&mut self, message: &[u8]) -> Result<Option<&[u8]>, CompressionError> {
        recycle(&mut self.output);
        let mut input = InBuffer::around(message);
        loop {
            let (written, read) = (self.output.len(), input.pos());
            self.output.resize((written * 2).max(written + STEP), 0);
            let room = &mut self.output[written..];
            let size = room.len();
            let mut output = OutBuffer::around(room);
            let result = self.context.decompress_stream(&mut output, &mut input);
            let added = output.pos();
            self.output.truncate(written + added);
            result.map_err(|_| CompressionError::Corrupt)?;
            if self.output.len() > self.max {
                return Err(CompressionError::TooLarge);
            }
            // A full output may hide more of it, even when all input is used.
            if input.pos() == message.len() && added < size {
                break;
            }
            if added == 0 && input.pos() == read {
                return Err(CompressionError::Corrupt);
            }
        }
        Ok((!self.output.is_empty()).then_some(self.output.as_slice()))
    }
}
