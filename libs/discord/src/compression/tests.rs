use flate2::{Compress, FlushCompress};
use proptest::prelude::*;
use zstd_safe::{CCtx, CParameter, InBuffer, OutBuffer, zstd_sys::ZSTD_EndDirective};

use super::*;

struct Deflate(Compress);

impl Deflate {
    fn new() -> Self {
        Self(Compress::new(flate2::Compression::default(), true))
    }

    fn message(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() + 1024);
        self.0
            .compress_vec(text, &mut out, FlushCompress::Sync)
            .unwrap();
        out
    }
}

struct ZstdCompress(CCtx<'static>);

impl ZstdCompress {
    fn new() -> Self {
        let mut context = CCtx::create();
        context
            .set_parameter(CParameter::CompressionLevel(3))
            .unwrap();
        Self(context)
    }

    fn message(&mut self, text: &[u8]) -> Vec<u8> {
        let mut room = vec![0; text.len() + 4096];
        let mut output = OutBuffer::around(room.as_mut_slice());
        let mut input = InBuffer::around(text);
        let left = self
            .0
            .compress_stream2(&mut output, &mut input, ZSTD_EndDirective::ZSTD_e_flush)
            .unwrap();
        assert_eq!((left, input.pos()), (0, text.len()));
        let written = output.pos();
        room.truncate(written);
        room
    }
}

#[test]
fn zlib_messages_share_one_context() {
    let (mut deflate, mut stream) = (Deflate::new(), Decompressor::new(Compression::Zlib));
    for text in [&b"{\"op\":10}"[..], b"{\"op\":11}", b"{\"op\":11}"] {
        let message = deflate.message(text);
        assert_eq!(stream.push(&message).unwrap(), Some(text));
    }
}

#[test]
fn a_zlib_message_may_come_in_parts_with_its_suffix_split() {
    let (mut deflate, mut stream) = (Deflate::new(), Decompressor::new(Compression::Zlib));
    let text = b"the quick brown fox jumps over the lazy dog".repeat(50);
    for cut in [1, 2, 3, 4, 5, 9] {
        let message = deflate.message(&text);
        let (head, rest) = message.split_at(message.len() - cut);
        assert_eq!(stream.push(head).unwrap(), None, "{cut}");
        assert_eq!(stream.push(rest).unwrap(), Some(text.as_slice()), "{cut}");
    }
}

#[test]
fn a_zlib_message_may_come_byte_by_byte() {
    let (mut deflate, mut stream) = (Deflate::new(), Decompressor::new(Compression::Zlib));
    let message = deflate.message(b"hello");
    let (last, head) = message.split_last().unwrap();
    for byte in head {
        assert_eq!(stream.push(std::slice::from_ref(byte)).unwrap(), None);
    }
    assert_eq!(
        stream.push(std::slice::from_ref(last)).unwrap(),
        Some(&b"hello"[..])
    );
}

#[test]
fn zstd_messages_share_one_context_and_never_end_their_frame() {
    let (mut compress, mut stream) = (ZstdCompress::new(), Decompressor::new(Compression::Zstd));
    for text in [
        b"{\"op\":10}".to_vec(),
        vec![b'a'; 300_000],
        b"{\"op\":11}".to_vec(),
    ] {
        let message = compress.message(&text);
        assert_eq!(stream.push(&message).unwrap(), Some(text.as_slice()));
    }
}

#[test]
fn zstd_output_of_exactly_the_buffers_size_is_complete() {
    for size in [
        (32 << 10) - 1,
        32 << 10,
        (32 << 10) + 1,
        64 << 10,
        128 << 10,
    ] {
        let (mut compress, mut stream) =
            (ZstdCompress::new(), Decompressor::new(Compression::Zstd));
        let text: Vec<u8> = (0..size).map(|i: usize| ((i * i) >> 7) as u8).collect();
        let message = compress.message(&text);
        assert_eq!(stream.push(&message).unwrap().map(<[u8]>::len), Some(size));
    }
}

#[test]
fn a_small_message_that_grows_beyond_all_bounds_is_refused() {
    let bomb = vec![0; 4 << 20];
    let message = Deflate::new().message(&bomb);
    assert!(message.len() < 64 << 10);
    let mut zlib = ZlibStream::new(1 << 20);
    assert_eq!(zlib.push(&message), Err(CompressionError::TooLarge));
    let message = ZstdCompress::new().message(&bomb);
    let mut zstd = ZstdStream::new(1 << 20);
    assert_eq!(zstd.push(&message), Err(CompressionError::TooLarge));
}

#[test]
fn garbage_is_corrupt() {
    for compression in [Compression::Zlib, Compression::Zstd] {
        let mut stream = Decompressor::new(compression);
        let garbage = [0x11; 64];
        assert_eq!(
            stream.push(&garbage),
            Err(CompressionError::Corrupt),
            "{compression:?}"
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..4),
    ) {
        for compression in [Compression::None, Compression::Zlib, Compression::Zstd] {
            let mut stream = Decompressor::new(compression);
            for part in &parts {
                if stream.push(part).is_err() {
                    break;
                }
            }
        }
    }

    #[test]
    fn what_goes_in_comes_out(texts in prop::collection::vec(".{1,2000}", 1..5)) {
        let (mut deflate, mut zlib) = (Deflate::new(), Decompressor::new(Compression::Zlib));
        let (mut compress, mut zstd) = (ZstdCompress::new(), Decompressor::new(Compression::Zstd));
        for text in &texts {
            let message = deflate.message(text.as_bytes());
            prop_assert_eq!(zlib.push(&message).unwrap(), Some(text.as_bytes()));
            let message = compress.message(text.as_bytes());
            prop_assert_eq!(zstd.push(&message).unwrap(), Some(text.as_bytes()));
        }
    }
}
