//! Transport compression (Gateway, "Encoding and Compression"): one context per connection.

mod zlib;
mod zstd;

use self::{zlib::ZlibStream, zstd::ZstdStream};

/// The largest message after decompression, in bytes; far above the largest guild. What is larger
/// ends the connection.
const MAX_MESSAGE: usize = 64 << 20;

/// An output buffer that grew beyond this, in bytes, is given back after its message.
const KEPT_BUFFER: usize = 1 << 20;

/// How Discord compresses what it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Compression {
    /// Not at all.
    None,
    /// `zlib-stream`.
    Zlib,
    /// `zstd-stream`: smaller and faster.
    #[default]
    Zstd,
}

impl Compression {
    /// The value of the query's `compress`.
    pub(crate) const fn query(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Zlib => Some("zlib-stream"),
            Self::Zstd => Some("zstd-stream"),
        }
    }
}

/// A compressed stream is broken; only a new connection helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CompressionError {
    #[error("compressed stream is corrupt")]
    Corrupt,
    #[error("message is larger than 64 MiB")]
    TooLarge,
}

/// The context of one connection.
pub(crate) enum Decompressor {
    None,
    Zlib(Box<ZlibStream>),
    Zstd(Box<ZstdStream>),
}

impl Decompressor {
    pub(crate) fn new(compression: Compression) -> Self {
        match compression {
            Compression::None => Self::None,
            Compression::Zlib => Self::Zlib(Box::new(ZlibStream::new(MAX_MESSAGE))),
            Compression::Zstd => Self::Zstd(Box::new(ZstdStream::new(MAX_MESSAGE))),
        }
    }

    /// Takes a binary message; returns the Gateway's message once it is complete.
    pub(crate) fn push<'a>(
        &'a mut self,
        message: &'a [u8],
    ) -> Result<Option<&'a [u8]>, CompressionError> {
        match self {
            Self::None => Ok(Some(message)),
            Self::Zlib(stream) => stream.push(message),
            Self::Zstd(stream) => stream.push(message),
        }
    }
}

/// Empties the buffer for the next message, and gives it back where it grew large.
fn recycle(buffer: &mut Vec<u8>) {
    buffer.clear();
    buffer.shrink_to(KEPT_BUFFER);
}

#[cfg(test)]
mod tests;
