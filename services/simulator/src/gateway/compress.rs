//! Transport and payload compression. Source: the page Gateway, "Encoding and Compression".

use std::io::{self, Write as _};

use axum::extract::ws::{Message, Utf8Bytes};
use flate2::{Compress, Compression, FlushCompress, write::ZlibEncoder};
use zstd_safe::{CCtx, InBuffer, OutBuffer, zstd_sys::ZSTD_EndDirective};

/// With payload compression, a message of so many bytes or more is compressed.
const LARGE_PAYLOAD: usize = 1024;

/// Space for what one step of a compressor gives, in bytes.
const STEP: usize = 16 * 1024;

/// How the messages of one connection are written; one context for all of them.
pub(super) enum Encoder {
    Plain,
    /// Every large message is a zlib stream of its own.
    Payload,
    Zlib(Compress),
    Zstd(CCtx<'static>),
}

impl Encoder {
    /// By the `compress` parameter of the URL.
    pub(super) fn of(compress: Option<&str>) -> Self {
        match compress {
            Some("zlib-stream") => Self::Zlib(Compress::new(Compression::default(), true)),
            Some("zstd-stream") => Self::Zstd(CCtx::create()),
            _ => Self::Plain,
        }
    }

    /// IDENTIFY's `compress`: does nothing when the transport is compressed.
    pub(super) fn compress_payloads(&mut self) {
        if matches!(self, Self::Plain) {
            *self = Self::Payload;
        }
    }

    pub(super) fn encode(&mut self, text: Utf8Bytes) -> io::Result<Message> {
        match self {
            Self::Payload if text.len() >= LARGE_PAYLOAD => {
                let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(text.as_bytes())?;
                Ok(Message::Binary(encoder.finish()?.into()))
            }
            Self::Plain | Self::Payload => Ok(Message::Text(text)),
            Self::Zlib(context) => {
                deflate(context, text.as_bytes()).map(|out| Message::Binary(out.into()))
            }
            Self::Zstd(context) => {
                zstd(context, text.as_bytes()).map(|out| Message::Binary(out.into()))
            }
        }
    }
}

/// Compresses one message and flushes, so that it ends in `00 00 FF FF`.
fn deflate(context: &mut Compress, input: &[u8]) -> io::Result<Vec<u8>> {
    let mut output = Vec::with_capacity(input.len() / 2 + 64);
    let begin = context.total_in();
    loop {
        output.reserve(STEP);
        let used = usize::try_from(context.total_in() - begin).unwrap_or(input.len());
        let room = output.capacity() - output.len();
        let made = context.total_out();
        context
            .compress_vec(&input[used..], &mut output, FlushCompress::Sync)
            .map_err(io::Error::other)?;
        let all_read = context.total_in() - begin == input.len() as u64;
        if all_read && context.total_out() - made < room as u64 {
            return Ok(output);
        }
    }
}

/// Compresses one message and flushes the frame, which goes on.
fn zstd(context: &mut CCtx<'static>, input: &[u8]) -> io::Result<Vec<u8>> {
    let mut output = Vec::with_capacity(input.len() / 2 + 64);
    let mut source = InBuffer::around(input);
    let mut step = [0_u8; STEP];
    loop {
        let mut target = OutBuffer::around(&mut step[..]);
        let left = context
            .compress_stream2(&mut target, &mut source, ZSTD_EndDirective::ZSTD_e_flush)
            .map_err(|code| io::Error::other(zstd_safe::get_error_name(code)))?;
        output.extend_from_slice(target.as_slice());
        if left == 0 && source.pos() == input.len() {
            return Ok(output);
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Decompress, FlushDecompress};

    use super::*;

    fn bytes(message: Message) -> Vec<u8> {
        match message {
            Message::Binary(bytes) => bytes.to_vec(),
            other => panic!("expected binary: {other:?}"),
        }
    }

    fn texts() -> [String; 4] {
        [
            String::from("{}"),
            "abc".repeat(40_000),
            String::from("x"),
            "löffel".repeat(17),
        ]
    }

    #[test]
    fn zlib_messages_share_a_context_and_end_in_a_flush() {
        let (mut encoder, mut decoder) = (Encoder::of(Some("zlib-stream")), Decompress::new(true));
        for text in texts() {
            let message = bytes(encoder.encode(Utf8Bytes::from(text.as_str())).unwrap());
            assert!(message.ends_with(&[0, 0, 0xFF, 0xFF]));
            let mut plain = Vec::with_capacity(text.len() + 64);
            decoder
                .decompress_vec(&message, &mut plain, FlushDecompress::Sync)
                .unwrap();
            assert_eq!(plain, text.as_bytes());
        }
    }

    #[test]
    fn zstd_messages_share_a_context() {
        let (mut encoder, mut decoder) =
            (Encoder::of(Some("zstd-stream")), zstd_safe::DCtx::create());
        for text in texts() {
            let message = bytes(encoder.encode(Utf8Bytes::from(text.as_str())).unwrap());
            let (mut plain, mut step) = (Vec::new(), vec![0_u8; 200_000]);
            let mut source = InBuffer::around(&message);
            loop {
                let mut target = OutBuffer::around(&mut step[..]);
                decoder.decompress_stream(&mut target, &mut source).unwrap();
                plain.extend_from_slice(target.as_slice());
                if source.pos() == message.len() && target.pos() < 200_000 {
                    break;
                }
            }
            assert_eq!(plain, text.as_bytes());
        }
    }
}
