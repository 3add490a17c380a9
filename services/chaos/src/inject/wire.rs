//! Which wires a fault is about.

use crate::{
    deployment::{Deployment, Member},
    plan::Link,
    proxy::Proxy,
};

/// The victim's name and its wires.
pub(super) fn choose(deployment: &Deployment, link: Link, pick: usize) -> (String, Vec<Proxy>) {
    let of = |members: &[Member], wire: fn(&Member) -> Option<&Proxy>| {
        let member = &members[pick % members.len()];
        let wires = wire(member).cloned().into_iter().collect();
        (member.child.name().to_owned(), wires)
    };
    match link {
        Link::GatewayDiscord => ("all gateways".to_owned(), vec![deployment.discord.clone()]),
        Link::GatewayRedis => of(&deployment.gateways, |member| member.redis.as_ref()),
        Link::WebRedis => of(&deployment.webs, |member| member.redis.as_ref()),
        Link::BrowserWeb => match pick % (deployment.webs.len() + 1) {
            0 => ("the balancer".to_owned(), vec![deployment.balancer.clone()]),
            other => {
                let member = &deployment.webs[other - 1];
                let wires = member.front.clone().into_iter().collect();
                (format!("the front of {}", member.child.name()), wires)
            }
        },
    }
}
