//! Which part of a message's payload is its text, so that it can be taken out without understanding the rest.

use contracts::{EventKind, MessageId};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A part of a payload that is replaced when the message is redacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// The first byte.
    pub(crate) start: usize,
    /// The byte after the last.
    pub(crate) end: usize,
    /// What takes its place.
    pub(crate) instead: &'static str,
}

/// A message event's message, and where its text is in the payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MessageText {
    pub(crate) message: MessageId,
    /// In ascending order.
    pub(crate) spans: Vec<Span>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parts<'a> {
    message_id: MessageId,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    attachments: Option<&'a RawValue>,
}

/// `None` = the event holds no text of a message.
pub(crate) fn text_of(event: EventKind, payload: &RawValue) -> Option<MessageText> {
    if !matches!(event, EventKind::MessageCreated | EventKind::MessageUpdated) {
        return None;
    }
    let json = payload.get();
    let parts: Parts<'_> = serde_json::from_str(json).ok()?;
    let span = |part: Option<&RawValue>, instead| {
        let part = part?.get();
        let start = part.as_ptr().addr() - json.as_ptr().addr();
        Some(Span {
            start,
            end: start + part.len(),
            instead,
        })
    };
    let mut spans: Vec<Span> = [span(parts.content, "null"), span(parts.attachments, "[]")]
        .into_iter()
        .flatten()
        .collect();
    spans.sort_by_key(|span| span.start);
    Some(MessageText {
        message: parts.message_id,
        spans,
    })
}

/// The payload without its text.
pub(crate) fn blank(payload: &RawValue, spans: &[Span]) -> Box<RawValue> {
    let json = payload.get();
    let mut blanked = String::with_capacity(json.len());
    let mut at = 0;
    for span in spans {
        blanked.push_str(&json[at..span.start]);
        blanked.push_str(span.instead);
        at = span.end;
    }
    blanked.push_str(&json[at..]);
    RawValue::from_string(blanked).expect("JSON stays JSON when a value takes the place of another")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn raw(value: &Value) -> Box<RawValue> {
        serde_json::value::to_raw_value(value).unwrap()
    }

    #[test]
    fn events_without_text_have_none() {
        let payload = raw(&json!({"messageId": "1", "content": "x"}));
        assert_eq!(text_of(EventKind::MessageDeleted, &payload), None);
        assert_eq!(
            text_of(EventKind::MessageCreated, &raw(&json!({"content": "x"}))),
            None
        );
    }

    proptest! {
        #[test]
        fn text_and_files_vanish_and_the_rest_stays(
            content in ".{0,40}", file in ".{0,20}", author in ".{0,20}", files_first: bool, pretty: bool
        ) {
            let (content_json, files) = (json!(content), json!([{"url": file}]));
            let author_json = json!({"content": author});
            let fields = if files_first {
                format!(r#""attachments": {files}, "author": {author_json}, "content": {content_json}"#)
            } else {
                format!(r#""content":{content_json},"author":{author_json},"attachments":{files}"#)
            };
            let text = format!(r#"{{"messageId":"7",{fields},"x":{}}}"#, if pretty { "[1,\n 2]" } else { "[1,2]" });
            let payload = RawValue::from_string(text).unwrap();
            let found = text_of(EventKind::MessageUpdated, &payload).unwrap();
            prop_assert_eq!(found.message, MessageId::new(7));
            let blanked: Value = serde_json::from_str(blank(&payload, &found.spans).get()).unwrap();
            prop_assert_eq!(
                blanked,
                json!({"messageId": "7", "content": null, "author": {"content": author}, "attachments": [], "x": [1, 2]})
            );
        }
    }
}
