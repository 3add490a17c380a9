//! The wire formats, written out: what these tests hold still, other programs may rely on.

mod events;
mod link;
mod requests;
mod typescript;

use serde_json::{Map, Value};

/// The value with a field that nobody knows in every object of it: what a newer version might send.
fn with_unknown_fields(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Map<_, _> = fields
                .iter()
                .map(|(name, value)| (name.clone(), with_unknown_fields(value)))
                .collect();
            fields.insert(
                "fromTheFuture".to_owned(),
                serde_json::json!({"deep": [1, null]}),
            );
            Value::Object(fields)
        }
        Value::Array(items) => items.iter().map(with_unknown_fields).collect(),
        other => other.clone(),
    }
}
