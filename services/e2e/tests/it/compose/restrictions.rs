//! What each container may do, and who reaches whom.

use std::{collections::BTreeMap, time::Duration};

use serde_norway::Value;

use super::{Compose, strings, text};

/// What is wrong with the restrictions of a service.
fn faults(service: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut expect = |holds: bool, what: &str| {
        if !holds {
            faults.push(what.to_owned());
        }
    };
    let numeric = service["user"].as_str().is_some_and(|user| {
        user.split(':')
            .all(|id| id.parse::<u32>().is_ok_and(|id| id > 0))
    });
    expect(numeric, "user is not the number of somebody but root");
    expect(
        service["read_only"] == true,
        "the root file system is writable",
    );
    expect(
        strings(&service["cap_drop"]) == ["ALL"],
        "capabilities are kept",
    );
    let added = strings(&service["cap_add"]);
    expect(
        added.iter().all(|name| name == "NET_BIND_SERVICE"),
        "capabilities are added",
    );
    expect(
        strings(&service["security_opt"]) == ["no-new-privileges:true"],
        "privileges can be gained",
    );
    expect(
        service["mem_limit"]
            .as_str()
            .is_some_and(|limit| limit.ends_with(['m', 'g'])),
        "memory has no limit",
    );
    expect(
        service["pids_limit"].as_u64().is_some(),
        "processes have no limit",
    );
    expect(
        service["logging"]["options"]["max-size"].is_string(),
        "logs grow without end",
    );
    expect(
        matches!(service["restart"].as_str(), Some("unless-stopped" | "no")),
        "nothing says when it is started again",
    );
    for name in ["container_name", "privileged", "network_mode", "pid", "ipc"] {
        expect(service[name].is_null(), &format!("{name} is set"));
    }
    let image = service["image"].as_str().unwrap_or_default();
    expect(pinned(image), &format!("the image {image} is not pinned"));
    faults
}

/// Whether an image's name says which version it is.
pub(super) fn pinned(image: &str) -> bool {
    let tag = image
        .rsplit('/')
        .next()
        .and_then(|name| name.split_once(':'));
    tag.is_some_and(|(_, tag)| tag.contains('.') && tag.contains(|c: char| c.is_ascii_digit()))
}

#[test]
fn every_container_is_restricted() {
    let compose = Compose::read();
    assert!(compose.services().len() >= 11);
    for (name, service) in compose.services() {
        assert_eq!(faults(service), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn each_restriction_that_is_missing_is_noticed() {
    for (line, instead) in [
        ("  read_only: true\n", ""),
        ("  cap_drop: [ALL]\n", ""),
        ("  security_opt: [\"no-new-privileges:true\"]\n", ""),
        ("    user: \"99:99\"\n", "    user: \"0:0\"\n"),
        ("    user: \"70:70\"\n", "    user: postgres\n"),
        ("    mem_limit: 512m\n", ""),
        ("haproxy:3.0.12-alpine", "haproxy:latest"),
        ("haproxy:3.0.12-alpine", "haproxy"),
        ("  lb:\n", "  lb:\n    container_name: lb\n"),
        (
            "    cap_add: [NET_BIND_SERVICE]\n",
            "    cap_add: [NET_ADMIN]\n",
        ),
    ] {
        let broken = text().replacen(line, instead, 1);
        assert_ne!(broken, text(), "{line} is not in the file");
        let compose = Compose::parse(&broken);
        let found = compose
            .services()
            .iter()
            .any(|(_, service)| !faults(service).is_empty());
        assert!(found, "nobody notices that {line} became {instead}");
    }
}

#[test]
fn only_what_people_open_is_published_and_only_tls_beyond_this_machine() {
    let mut published = BTreeMap::new();
    let compose = Compose::read();
    for (name, service) in compose.services() {
        let ports = strings(&service["ports"]);
        if !ports.is_empty() {
            published.insert(name, ports.join(" "));
        }
    }
    let expected = BTreeMap::from([
        ("lb", "127.0.0.1:3000:8080"),
        ("tls", "80:8080 443:8443"),
        ("simulator", "127.0.0.1:4000:4000"),
        ("prometheus", "127.0.0.1:9090:9090"),
        ("grafana", "127.0.0.1:3001:3000"),
        ("jaeger", "127.0.0.1:16686:16686"),
    ]);
    let published: BTreeMap<_, _> = published
        .iter()
        .map(|(name, ports)| (*name, ports.as_str()))
        .collect();
    assert_eq!(published, expected);
}

#[test]
fn networks_keep_apart_who_has_nothing_to_say_to_each_other() {
    let compose = Compose::read();
    let meet = |one: &str, other: &str| {
        let (one, other) = (compose.networks(one), compose.networks(other));
        assert!(!one.is_empty() && !other.is_empty());
        !one.is_disjoint(&other)
    };
    for (one, other) in [
        ("lb", "web"),
        ("tls", "lb"),
        ("web", "redis"),
        ("web", "gateway"),
        ("web", "postgres"),
        ("gateway", "redis"),
        ("gateway", "simulator"),
        ("web", "simulator"),
        ("prometheus", "gateway"),
        ("prometheus", "web"),
        ("grafana", "prometheus"),
        ("web", "jaeger"),
        ("gateway", "jaeger"),
        ("prepare", "simulator"),
    ] {
        assert!(meet(one, other), "{one} does not reach {other}");
    }
    for (one, other) in [
        ("lb", "redis"),
        ("lb", "gateway"),
        ("lb", "postgres"),
        ("tls", "redis"),
        ("tls", "gateway"),
        ("simulator", "redis"),
        ("simulator", "lb"),
        ("prometheus", "redis"),
        ("grafana", "redis"),
        ("jaeger", "redis"),
    ] {
        assert!(!meet(one, other), "{one} reaches {other}");
    }
    assert_eq!(
        compose.document["networks"]["data"]["internal"], true,
        "what Redis is on leads nowhere else"
    );
    for name in ["redis", "postgres"] {
        assert_eq!(
            compose.networks(name).into_iter().collect::<Vec<_>>(),
            ["data"]
        );
    }
}

#[test]
fn whoever_ends_slowly_is_waited_for() {
    /// The default of `SHUTDOWN_GRACE_SECONDS`.
    const GRACE: Duration = Duration::from_secs(30);
    let compose = Compose::read();
    for name in ["gateway", "web"] {
        let period = compose.service(name)["stop_grace_period"]
            .as_str()
            .and_then(|period| period.strip_suffix('s')?.parse().ok())
            .map(Duration::from_secs);
        assert!(period.is_some_and(|period| period > GRACE), "{name}");
    }
}

#[test]
fn redis_keeps_what_it_is_told() {
    let compose = Compose::read();
    let command = strings(&compose.service("redis")["command"]).join(" ");
    for part in ["--appendonly yes", "--maxmemory-policy noeviction"] {
        assert!(command.contains(part), "{command}");
    }
}
