use anyhow::{Context as _, bail};
use reqwest::Client;
use serde_json::{Value, json};

use crate::{plan::Plan, target::Target};

/// Tells the simulator to emit the plan; returns when it began (Unix µs).
pub(crate) async fn start(client: &Client, control: &Target, plan: &Plan) -> anyhow::Result<u64> {
    let wish =
        json!({"kind": "message", "from": plan.from, "count": plan.count, "rate": plan.rate});
    let request = client.post(format!("{control}/control/burst")).json(&wish);
    let reply = request
        .send()
        .await
        .context("the simulator does not answer")?;
    let status = reply.status();
    let answer: Value = reply
        .json()
        .await
        .context("the simulator's answer is no JSON")?;
    if !status.is_success() {
        bail!("the simulator refuses the burst: {status} {answer}");
    }
    answer["startMicros"]
        .as_u64()
        .with_context(|| format!("the simulator does not say when it began: {answer}"))
}
