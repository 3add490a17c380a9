//! A scenario from a file: JSON lines `{"at_ms": 1500, "do": "join", "user": "nelly", "channel": "Lounge"}`.

use serde_json::{Map, Value};

/// Most lines.
const LINES: usize = 100_000;

/// One thing that is to happen.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// After the begin.
    pub(super) at_ms: u64,
    pub(super) act: String,
    pub(super) fields: Map<String, Value>,
}

/// Reads all lines; empty ones and those that begin with `#` are left out. Sorted by time.
pub(super) fn parse(text: &str) -> Result<Vec<Line>, String> {
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        lines.push(one(line).map_err(|error| format!("line {}: {error}", index + 1))?);
        if lines.len() > LINES {
            return Err(format!("more than {LINES} lines"));
        }
    }
    if lines.is_empty() {
        return Err("there are no lines".to_owned());
    }
    lines.sort_by_key(|line| line.at_ms);
    Ok(lines)
}

fn one(text: &str) -> Result<Line, String> {
    let mut fields: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| error.to_string())?;
    let at_ms = fields
        .remove("at_ms")
        .and_then(|at| at.as_u64())
        .ok_or("`at_ms` is missing")?;
    let Some(Value::String(act)) = fields.remove("do") else {
        return Err("`do` is missing".to_owned());
    };
    Ok(Line { at_ms, act, fields })
}
