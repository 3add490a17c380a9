//! For those who run it, and the pages.

use contracts::operations::Operations;
use serde_json::{Value, json};
use utoipa::openapi::{
    RefOr, Schema,
    schema::{ObjectBuilder, Type},
};

use super::{
    Operation,
    problems::{LATE, LOOKS, NOT_FOUND, TOO_LARGE, UNAVAILABLE},
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("service", "/api/health", "health", "The process lives")
            .gives_json(200, "It does.", said(&["ok"]), json!({"status": "ok"}))
            .problems(&[LATE]),
        Operation::get(
            "service",
            "/api/ready",
            "ready",
            "Whether requests should come to this replica",
        )
        .gives_json(
            200,
            "They should.",
            said(&["ready", "degraded"]),
            json!({"status": "ready"}),
        )
        .gives_json(
            503,
            "They should not.",
            said(&["starting", "draining", "detached"]),
            json!({"status": "starting", "reason": "the event bus has not answered yet"}),
        )
        .problems(&[LATE]),
        Operation::get("service", "/api/operations", "operations", "The state of the deployment, for operators")
            .about("For the users whom `OPERATORS` names. For everybody else, signed in or not, there is nothing here.")
            .gives::<Operations>("As the replica that answers knows it.", example())
            .problems(&[NOT_FOUND, UNAVAILABLE, LATE, TOO_LARGE])
            .problems(LOOKS),
        Operation::get("service", "/api/openapi.json", "openapi", "This document")
            .gives_json(200, "It.", object(), json!({"openapi": "3.1.0"}))
            .problems(&[LATE]),
    ]
}

fn example() -> Value {
    let shard = json!({"id": 0, "owner": "0b5e3c3a-6e0f-4f9e-9c57-2f4e8f6f2a11", "connection": "CONNECTED"});
    json!({
        "replica": {"version": "0.1.0", "hub": "ready", "draining": false, "streams": 1200, "guilds": 3, "ringBytes": 1_048_576,
            "complete": "1763836800123-0"},
        "registry": "known",
        "gateways": [{"instance": "0b5e3c3a-6e0f-4f9e-9c57-2f4e8f6f2a11", "version": "0.1.0", "startedAt": 1_763_836_000_000_u64,
            "heartbeatAt": 1_763_836_800_000_u64, "shards": [0]}],
        "shardCount": 1,
        "nextShardCount": null,
        "shards": [shard],
    })
}

fn said(status: &[&str]) -> RefOr<Schema> {
    let values: Vec<Value> = status.iter().map(|status| json!(status)).collect();
    let status = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(values));
    let reason = ObjectBuilder::new().schema_type(Type::String);
    ObjectBuilder::new()
        .property("status", status)
        .required("status")
        .property("reason", reason)
        .into()
}

fn object() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::Object).into()
}
