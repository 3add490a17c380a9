use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http_body::Frame;

use super::frames;
use crate::{
    deliver::flow::{Ending, Flow, Said},
    hub::Chunk,
};

/// A stream as the body of a response.
pub(in crate::deliver) struct StreamBody {
    head: Option<Bytes>,
    flow: Flow,
    over: bool,
}

impl StreamBody {
    pub(in crate::deliver) fn new(flow: Flow, first: Option<Chunk>) -> Self {
        let mut head = BytesMut::from(&frames::retry(Duration::ZERO)[..]);
        if let Some(first) = first {
            head.extend_from_slice(&first.bytes);
        }
        Self {
            head: Some(head.freeze()),
            flow,
            over: false,
        }
    }

    /// The bytes of a chunk, which the connection writes next.
    fn take(&self, chunk: Chunk) -> Bytes {
        self.flow.alarm().takes(chunk.traced);
        chunk.bytes
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(head) = self.head.take() {
            return Poll::Ready(Some(head));
        }
        if self.over {
            return Poll::Ready(None);
        }
        let bytes = match ready!(self.flow.poll(cx)) {
            Said::Chunk(chunk) => self.take(chunk),
            Said::Ping(moved) => {
                let mut ping = BytesMut::from(frames::PING);
                if let Some(chunk) = moved {
                    ping.extend_from_slice(&self.take(chunk));
                }
                ping.freeze()
            }
            Said::Over(ending) => {
                self.over = true;
                match ending {
                    Ending::SignedOut => return Poll::Ready(None),
                    Ending::Aged => frames::retry(Duration::ZERO),
                    Ending::Unavailable(reason, late) => frames::farewell(reason, late),
                }
            }
        };
        Poll::Ready(Some(bytes))
    }
}

impl http_body::Body for StreamBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.step(cx)
            .map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
