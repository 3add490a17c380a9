//! `/auth/…`

use utoipa::openapi::{
    path::ParameterIn::Query,
    schema::{Object, ObjectBuilder, Type},
};

use super::{
    Operation,
    problems::{FOREIGN, INVALID, LATE, UNAVAILABLE},
};

const HTML: Option<&str> = Some("text/html");

fn text() -> Object {
    ObjectBuilder::new().schema_type(Type::String).build()
}

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get(
            "login",
            "/auth/login",
            "login",
            "Sends the browser to Discord",
        )
        .parameter(
            Query,
            "returnTo",
            "A path of this host to come back to; default: `/`.",
            text(),
        )
        .answers(303, "To Discord.", None)
        .answers(429, "A page: too many sign-ins were begun at this address; `Retry-After` says how long to wait.", HTML)
        .problems(&[
            UNAVAILABLE,
            LATE,
            (503, "limits-away", "attempts can't be counted"),
        ]),
        Operation::get(
            "login",
            "/auth/callback",
            "callback",
            "Where Discord sends the browser back to",
        )
        .parameter(Query, "code", "From Discord.", text())
        .parameter(Query, "state", "As it was sent to Discord.", text())
        .parameter(Query, "error", "Why there is no code.", text())
        .answers(303, "Signed in; to `returnTo`.", None)
        .answers(
            400,
            "A page: this sign-in was not begun in this browser, or is over, or was refused.",
            HTML,
        )
        .answers(403, "A page: the person did not agree.", HTML)
        .answers(502, "A page: Discord does not answer.", HTML)
        .answers(503, "A page: the session store does not answer.", HTML)
        .problems(&[LATE]),
        Operation::post(
            "login",
            "/auth/logout",
            "logout",
            "Signs out, and ends the session's streams",
        )
        .parameter(
            Query,
            "all",
            "1: all sessions of the user end, wherever they are.",
            text(),
        )
        .problems(&[INVALID])
        .answers(204, "Nobody is signed in any more.", None)
        .problems(&[
            FOREIGN,
            UNAVAILABLE,
            LATE,
            (413, "too-large", "the body has more than 64 KiB"),
            (
                415,
                "unsupported-media-type",
                "there is a body, and it is not called application/json",
            ),
        ]),
    ]
}
