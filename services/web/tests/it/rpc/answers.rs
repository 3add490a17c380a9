use contracts::{link::LinkError, problem::FieldProblem};
use link::CallError;
use serde_json::json;

use super::{call, request, told, wrong};
use crate::{browser::Browser, replica::Deployment};

fn refused(status: u16, code: &str) -> CallError {
    CallError::Refused(LinkError::new(status, code, "in words"))
}

#[tokio::test]
async fn what_the_gateway_says_is_passed_on_and_what_it_may_not_say_is_not() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let cases = [
        (refused(403, "not-a-moderator"), 403, "not-a-moderator"),
        (refused(404, "not-found"), 404, "not-found"),
        (refused(404, "invite-invalid"), 404, "invite-invalid"),
        (refused(409, "not-in-voice"), 409, "not-in-voice"),
        (refused(502, "discord-failed"), 502, "discord-failed"),
        (refused(503, "overloaded"), 503, "overloaded"),
        (refused(503, "elsewhere"), 503, "gateway-away"),
        (refused(401, "unauthorized"), 502, "unauthorized"),
        (refused(200, "fine"), 502, "fine"),
        (refused(500, "internal"), 502, "internal"),
        (refused(409, "<b>No</b>"), 409, "conflict"),
        (
            CallError::Away("10.0.0.7 refuses".into()),
            503,
            "gateway-away",
        ),
        (CallError::Unknown, 502, "outcome-unknown"),
    ];
    for (number, (error, status, code)) in (0_u64..).zip(cases) {
        // A user for each, so that nobody calls too often.
        deployment.discord.next_user(1_000 + number);
        let browser = Browser::signed_in(&web).await;
        deployment.gateway.will(Err(error.clone()));
        let (got, problem) = call(&browser, "createRoom", json!({"name": "x"})).await;
        assert_eq!(
            (got, &problem["code"]),
            (status, &code.into()),
            "{error}: {problem}"
        );
        assert!(!problem.to_string().contains("10.0.0.7"), "{problem}");
        if matches!(error, CallError::Refused(_)) && code != "gateway-away" && code != "not-found" {
            assert_eq!(problem["detail"], "in words");
        }
    }
}

#[tokio::test]
async fn pauses_and_fields_of_the_gateway_reach_the_browser() {
    let deployment = Deployment::in_memory().await;
    let web = deployment.replica(&[]).await;
    let browser = Browser::signed_in(&web).await;
    let error = LinkError {
        retry_after_ms: Some(2_001),
        errors: vec![FieldProblem {
            field: "emoji".into(),
            code: "unknown".into(),
            message: "Discord does not know it".into(),
        }],
        ..LinkError::new(429, "discord-busy", "Discord asks for patience")
    };
    deployment.gateway.will(Err(CallError::Refused(error)));
    let input = json!({"name": "x"});
    let answer = request(&browser, "createRoom", &input)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["retry-after"], "3");
    let (status, problem) = told(answer).await;
    assert_eq!((status, &problem["code"]), (429, &"discord-busy".into()));
    assert_eq!(wrong(&problem), [("emoji", "unknown")]);
    // An answer that this version does not understand: it may have been done.
    deployment.gateway.will(Ok(json!({"room": 7})));
    let (status, problem) = call(&browser, "createRoom", input).await;
    assert_eq!((status, &problem["code"]), (502, &"outcome-unknown".into()));
    assert!(web.metric("fanfare_rpc_calls_total") >= 2.0);
}
