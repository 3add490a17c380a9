/// The longest line that announces a chunk.
const LONGEST_SIZE_LINE: usize = 256;

/// Takes the transfer coding off a body as it comes (RFC 9112, section 7.1).
#[derive(Debug)]
pub(crate) enum Body {
    /// No coding: ends with the connection.
    Plain,
    /// Chunks.
    Chunked(Chunk),
}

/// Where in the chunked coding the next byte stands.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// Bytes of content left in this chunk, then two of its line end.
    left: usize,
    line_end: usize,
    size: Vec<u8>,
    over: bool,
}

/// A body that is not what its head says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl Body {
    pub(crate) fn new(chunked: bool) -> Self {
        if chunked {
            Self::Chunked(Chunk::default())
        } else {
            Self::Plain
        }
    }

    /// Hands the content in `bytes` to `content`, piece by piece. False = the body has ended.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        mut content: impl FnMut(&[u8]),
    ) -> Result<bool, Malformed> {
        match self {
            Self::Plain => {
                content(bytes);
                Ok(true)
            }
            Self::Chunked(chunk) => chunk.feed(bytes, content),
        }
    }
}

impl Chunk {
    fn feed(
        &mut self,
        mut bytes: &[u8],
        mut content: impl FnMut(&[u8]),
    ) -> Result<bool, Malformed> {
        while !bytes.is_empty() && !self.over {
            if self.left > 0 {
                let (piece, rest) = bytes.split_at(self.left.min(bytes.len()));
                content(piece);
                self.left -= piece.len();
                bytes = rest;
            } else if self.line_end > 0 {
                let skipped = self.line_end.min(bytes.len());
                self.line_end -= skipped;
                bytes = &bytes[skipped..];
            } else {
                bytes = self.size_line(bytes)?;
            }
        }
        Ok(!self.over)
    }

    fn size_line<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Malformed> {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        self.size
            .extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
        if self.size.len() > LONGEST_SIZE_LINE {
            return Err(Malformed);
        }
        let Some(end) = end else { return Ok(&[]) };
        let line = std::str::from_utf8(&self.size).map_err(|_| Malformed)?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        self.left = usize::from_str_radix(digits, 16).map_err(|_| Malformed)?;
        self.over = self.left == 0;
        self.line_end = 2;
        self.size.clear();
        Ok(&bytes[end + 1..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(pieces: &[&[u8]]) -> Result<(Vec<u8>, bool), Malformed> {
        let mut body = Body::new(true);
        let (mut content, mut open) = (Vec::new(), true);
        for piece in pieces {
            open = body.feed(piece, |bytes| content.extend_from_slice(bytes))?;
        }
        Ok((content, open))
    }

    #[test]
    fn chunks_are_joined_wherever_the_bytes_are_cut() {
        let bytes = b"5\r\nhello\r\nA;x=y\r\n, world 12\r\n1\r\n!\r\n";
        for cut in 0..bytes.len() {
            let (a, b) = bytes.split_at(cut);
            assert_eq!(
                decode(&[a, b]),
                Ok((b"hello, world 12!".to_vec(), true)),
                "{cut}"
            );
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(decode(&single), Ok((b"hello, world 12!".to_vec(), true)));
    }

    #[test]
    fn the_last_chunk_ends_the_body() {
        assert_eq!(
            decode(&[b"1\r\na\r\n0\r\n\r\n"]),
            Ok((b"a".to_vec(), false))
        );
    }

    #[test]
    fn a_size_that_is_none_is_refused() {
        assert_eq!(decode(&[b"xyz\r\n"]), Err(Malformed));
        assert_eq!(decode(&[&[b'1'; LONGEST_SIZE_LINE + 1]]), Err(Malformed));
    }
}
