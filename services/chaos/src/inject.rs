//! Carrying out what the plan says.

mod discord;
mod gateway;
mod wire;

use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::{
    deployment::Deployment,
    plan::{Fault, Trouble},
};

/// How long it may take until Discord's sessions are connected again.
pub(crate) const CONNECTED_WITHIN: Duration = Duration::from_secs(60);

/// What was measured while something went wrong.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Seen {
    /// From `kill -9` of a gateway until another one has resumed its sessions.
    pub(crate) take_over: Option<Duration>,
    /// From SIGTERM of a gateway until its sessions are resumed, for each gateway of a roll.
    pub(crate) hand_overs: Vec<Duration>,
    /// Whom it hit.
    pub(crate) victim: String,
}

/// Begins a fault, lasts it out and heals it.
pub(crate) async fn inject(deployment: &mut Deployment, fault: Fault) -> anyhow::Result<Seen> {
    let mut seen = Seen::default();
    match fault.trouble {
        Trouble::GatewayKill => gateway::kill(deployment, fault, &mut seen).await?,
        Trouble::GatewayPause => gateway::pause(deployment, fault, &mut seen).await?,
        Trouble::GatewayRoll => gateway::roll(deployment, &mut seen).await?,
        Trouble::WebKill => {
            let web = pick(&mut deployment.webs, fault.pick);
            web.child.name().clone_into(&mut seen.victim);
            web.child.kill().await?;
            sleep(fault.hold).await;
            web.child.launch()?;
        }
        Trouble::WebPause => {
            let web = pick(&mut deployment.webs, fault.pick);
            web.child.name().clone_into(&mut seen.victim);
            web.child.signal("STOP").await?;
            sleep(fault.hold).await;
            web.child.signal("CONT").await?;
        }
        Trouble::WebRoll => {
            for index in 0..deployment.webs.len() {
                let child = &mut deployment.webs[index].child;
                child.terminate().await?.await?;
                child.launch()?;
                deployment.ready().await?;
            }
        }
        Trouble::RedisKill => {
            deployment.store.kill().await;
            sleep(fault.hold).await;
            deployment.store.restart().await?;
        }
        Trouble::RedisPause => {
            deployment.store.pause().await;
            sleep(fault.hold).await;
            deployment.store.resume().await;
        }
        Trouble::RedisFailOver => deployment.store.fail_over().await?,
        Trouble::DropSubscribers => {
            let count = deployment.store.kill_clients("pubsub").await?;
            seen.victim = format!("{count} connections");
        }
        Trouble::DropClients => {
            let count = deployment.store.kill_clients("normal").await?;
            seen.victim = format!("{count} connections");
        }
        Trouble::Cut(link) => {
            let (victim, wires) = wire::choose(deployment, link, fault.pick);
            seen.victim = victim;
            for wire in &wires {
                wire.cut();
            }
            sleep(fault.hold).await;
            for wire in &wires {
                wire.heal(false);
            }
        }
        Trouble::Hole(link) => {
            let (victim, wires) = wire::choose(deployment, link, fault.pick);
            seen.victim = victim;
            for wire in &wires {
                wire.hold();
            }
            sleep(fault.hold).await;
            for wire in &wires {
                wire.heal(fault.reset);
            }
        }
        Trouble::DiscordReconnect
        | Trouble::DiscordInvalid
        | Trouble::DiscordDrop
        | Trouble::DiscordFreeze
        | Trouble::DiscordReplay => discord::strike(deployment, fault.trouble).await?,
        Trouble::DiscordForgets => discord::forget(deployment).await?,
        Trouble::BeyondRetention => {
            let fronts = deployment.webs.iter().filter_map(|web| web.front.as_ref());
            for front in fronts.chain([&deployment.balancer]) {
                front.cut();
            }
            // What is not in the log any more, replicas that were there all the time still have.
            for web in &mut deployment.webs {
                web.child.kill().await?;
            }
            sleep(fault.hold).await;
            for web in &mut deployment.webs {
                web.child.launch()?;
            }
            deployment.ready().await?;
            let fronts = deployment.webs.iter().filter_map(|web| web.front.as_ref());
            for front in fronts.chain([&deployment.balancer]) {
                front.heal(false);
            }
        }
    }
    Ok(seen)
}

/// Waits until all sessions are connected and so many RESUMEs were served in all; returns how long that took.
async fn resumed(deployment: &mut Deployment, resumes: u64) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    loop {
        let now = deployment.control.sessions().await?;
        if now.connected == now.all && now.resumes >= resumes {
            return Ok(begun.elapsed());
        }
        if let Some(fallen) = deployment.fallen() {
            anyhow::bail!("{fallen}");
        }
        if begun.elapsed() > CONNECTED_WITHIN {
            anyhow::bail!("Discord's sessions are not resumed: {now:?}, {resumes} RESUMEs awaited");
        }
        sleep(crate::deployment::LOOK_EVERY).await;
    }
}

fn pick<T>(list: &mut [T], number: usize) -> &mut T {
    let place = number % list.len();
    &mut list[place]
}
