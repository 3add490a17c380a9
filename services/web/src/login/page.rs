use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

use crate::error::Page;

/// A small page that says what went wrong. `words` are ours: nothing that came with the request is repeated.
pub(super) fn failed(status: StatusCode, words: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Not signed in · Fanfare</title><h1>Not signed in</h1><p>{words}</p>\
         <p><a href=\"/auth/login\">Try again</a> · <a href=\"/\">Back</a></p></html>\n"
    );
    let mut response = (status, Html(html)).into_response();
    response.extensions_mut().insert(Page);
    response
}
