//! Functions: who may call, what is refused in which order, what the gateway is asked, what a browser is told.

mod answers;
mod checks;
mod places;

use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use crate::browser::Browser;

/// A call as a page of ours makes it.
fn request(browser: &Browser, function: &str, input: &Value) -> RequestBuilder {
    browser
        .request("POST", &format!("/api/rpc/{function}"))
        .header("origin", &browser.base)
        .json(input)
}

async fn call(browser: &Browser, function: &str, input: Value) -> (u16, Value) {
    told(request(browser, function, &input).send().await.unwrap()).await
}

/// Status and body; what failed is a problem document.
async fn told(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let kind = answer.headers()["content-type"].to_str().unwrap();
    let expected = if status < 400 {
        "application/json"
    } else {
        "application/problem+json"
    };
    assert_eq!(kind, expected, "{status}");
    (status, answer.json().await.unwrap())
}

/// The fields that are wrong, with their codes.
fn wrong(problem: &Value) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().into_iter().flatten();
    errors
        .map(|error| {
            (
                error["field"].as_str().unwrap(),
                error["code"].as_str().unwrap(),
            )
        })
        .collect()
}
