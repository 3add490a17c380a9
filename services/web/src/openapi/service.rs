//! For those who run it, and the pages.

use serde_json::{Value, json};
use utoipa::openapi::{
    RefOr, Schema,
    schema::{ObjectBuilder, Type},
};

use super::{Operation, problems::LATE};

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
        Operation::get("service", "/api/openapi.json", "openapi", "This document")
            .gives_json(200, "It.", object(), json!({"openapi": "3.1.0"}))
            .problems(&[LATE]),
    ]
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
