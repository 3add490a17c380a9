/// The longest head of a response.
const LONGEST_HEAD: usize = 16 * 1024;

/// The head of a response, as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) chunked: bool,
    /// How many bytes the head took; the body begins there.
    pub(crate) length: usize,
}

/// Bytes that are no head of an HTTP/1.1 response.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct HeadError;

impl Head {
    /// The head at the beginning of `bytes`; `None` = more is needed.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Self>, HeadError> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return if bytes.len() > LONGEST_HEAD {
                Err(HeadError)
            } else {
                Ok(None)
            };
        };
        let text = std::str::from_utf8(&bytes[..end]).map_err(|_| HeadError)?;
        let mut lines = text.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1.1 "))
            .and_then(|rest| rest.get(..3)?.parse().ok())
            .ok_or(HeadError)?;
        let chunked = lines
            .filter_map(|line| line.split_once(':'))
            .any(|(name, value)| {
                name.eq_ignore_ascii_case("transfer-encoding")
                    && value.trim().eq_ignore_ascii_case("chunked")
            });
        Ok(Some(Self {
            status,
            chunked,
            length: end + 4,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n";
        for cut in 0..47 {
            assert_eq!(Head::parse(&bytes[..cut]), Ok(None), "{cut}");
        }
        let head = Head {
            status: 200,
            chunked: true,
            length: 47,
        };
        assert_eq!(Head::parse(bytes), Ok(Some(head)));
    }

    #[test]
    fn what_is_no_head_is_refused() {
        assert_eq!(Head::parse(b"hello\r\n\r\n"), Err(HeadError));
        assert_eq!(Head::parse(b"HTTP/1.1 2\r\n\r\n"), Err(HeadError));
        assert_eq!(Head::parse(&vec![b'x'; LONGEST_HEAD + 1]), Err(HeadError));
    }
}
