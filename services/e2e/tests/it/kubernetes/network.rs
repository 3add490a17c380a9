//! Who reaches whom: the policies, evaluated as Kubernetes evaluates them, against a table.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Value, json};

use super::manifests::{Manifests, list, notices, text, within};

/// Somebody who sends or is sent to.
struct Party {
    address: IpAddr,
    /// Of a pod: the labels of its namespace and its own, and whether the namespace is ours.
    pod: Option<(Value, Value, bool)>,
}

impl Party {
    /// By what the table calls it: a component of ours, `stranger` (a pod of another namespace), `unlabelled` (one of ours that
    /// nobody knows), `prometheus`, `dns`, `controller`, or an address.
    fn named(name: &str) -> Self {
        let pod = |namespace: &str, labels: Value, ours: bool| Self {
            address: "10.244.1.7".parse().expect("an address"),
            pod: Some((
                json!({"kubernetes.io/metadata.name": namespace}),
                labels,
                ours,
            )),
        };
        match name {
            "gateway" | "web" | "redis" | "simulator" => pod(
                "fanfare",
                json!({"app.kubernetes.io/name": "fanfare", "app.kubernetes.io/component": name}),
                true,
            ),
            "unlabelled" => pod("fanfare", json!({}), true),
            // Whoever may set labels elsewhere must gain nothing by it.
            "stranger" => pod(
                "default",
                json!({"app.kubernetes.io/component": "web"}),
                false,
            ),
            "prometheus" => pod(
                "monitoring",
                json!({"app.kubernetes.io/name": "prometheus"}),
                false,
            ),
            "controller" => pod("ingress-nginx", json!({}), false),
            "dns" => pod("kube-system", json!({"k8s-app": "kube-dns"}), false),
            "system" => pod("kube-system", json!({}), false),
            address => Self {
                address: address
                    .parse()
                    .unwrap_or_else(|_| panic!("who is {address}?")),
                pod: None,
            },
        }
    }

    fn is_ours(&self) -> bool {
        self.pod.as_ref().is_some_and(|(.., ours)| *ours)
    }
}

/// Whether a packet gets from one to the other: out of the one, and into the other.
fn reaches(manifests: &Manifests, from: &Party, to: &Party, protocol: &str, port: u64) -> bool {
    allows(manifests, "Egress", from, to, protocol, port)
        && allows(manifests, "Ingress", to, from, protocol, port)
}

/// A pod that some policy selects for a direction may do what one of them says; any other pod everything.
fn allows(
    manifests: &Manifests,
    direction: &str,
    own: &Party,
    other: &Party,
    protocol: &str,
    port: u64,
) -> bool {
    let Some((_, labels, true)) = &own.pod else {
        return true;
    };
    let policies: Vec<_> = manifests
        .of_kind("NetworkPolicy")
        .map(|policy| &policy["spec"])
        .filter(|policy| list(&policy["policyTypes"]).any(|kind| kind == direction))
        .filter(|policy| selects(&policy["podSelector"], labels))
        .collect();
    let (rules, peers) = match direction {
        "Egress" => ("egress", "to"),
        _ => ("ingress", "from"),
    };
    policies.is_empty()
        || policies
            .iter()
            .flat_map(|policy| list(&policy[rules]))
            .any(|rule| {
                (rule[peers].is_null() || list(&rule[peers]).any(|peer| is_peer(peer, other)))
                    && (rule["ports"].is_null()
                        || list(&rule["ports"]).any(|allowed| {
                            let over = allowed["protocol"].as_str().unwrap_or("TCP");
                            over == protocol
                                && (allowed["port"].is_null()
                                    || allowed["port"].as_u64() == Some(port))
                        }))
            })
}

fn is_peer(peer: &Value, party: &Party) -> bool {
    if let Some(block) = peer.get("ipBlock") {
        let holds = |cidr: &Value| {
            let network: IpNet = text(cidr).parse().expect("a network");
            network.contains(&party.address)
        };
        return holds(&block["cidr"]) && !list(&block["except"]).any(holds);
    }
    let Some((namespace, labels, ours)) = &party.pod else {
        return false;
    };
    let right_namespace = match peer.get("namespaceSelector") {
        Some(selector) => selects(selector, namespace),
        None => *ours,
    };
    right_namespace
        && peer
            .get("podSelector")
            .is_none_or(|selector| selects(selector, labels))
}

/// A label selector; an empty one selects everything.
fn selects(selector: &Value, labels: &Value) -> bool {
    let labelled = selector["matchLabels"].is_null() || within(&selector["matchLabels"], labels);
    labelled
        && list(&selector["matchExpressions"]).all(|expression| {
            let value = &labels[text(&expression["key"])];
            let among = list(&expression["values"]).any(|known| known == value);
            match text(&expression["operator"]) {
                "In" => among,
                "NotIn" => !among,
                "Exists" => !value.is_null(),
                "DoesNotExist" => value.is_null(),
                operator => panic!("{operator} is no operator"),
            }
        })
}

/// From, to, ports, and whether that is meant to be possible. 162.159.128.233 is Discord, 10.96.0.1 the Kubernetes API,
/// 169.254.169.254 a cloud's metadata service.
type Row = (&'static str, &'static str, &'static [u64], bool);

const EVERYWHERE: &[Row] = &[
    // LINK is for web alone; metrics are for Prometheus alone; the public port is public.
    ("web", "gateway", &[8080], true),
    ("web", "gateway", &[9101], false),
    ("stranger", "gateway", &[8080, 9101], false),
    ("unlabelled", "gateway", &[8080, 9101], false),
    ("prometheus", "gateway", &[9101], true),
    ("prometheus", "gateway", &[8080], false),
    ("203.0.113.9", "gateway", &[8080, 9101], false),
    ("gateway", "gateway", &[8080, 9101], false),
    ("gateway", "web", &[3000, 9102], false),
    ("controller", "web", &[3000], true),
    ("203.0.113.9", "web", &[3000], true),
    ("controller", "web", &[9102], false),
    ("stranger", "web", &[9102], false),
    ("203.0.113.9", "web", &[9102], false),
    ("prometheus", "web", &[9102], true),
    // Discord: https, and nothing else outside, from the two that talk to it.
    ("gateway", "162.159.128.233", &[443], true),
    ("web", "162.159.128.233", &[443], true),
    ("gateway", "2606:4700::6810:1", &[443], true),
    ("gateway", "162.159.128.233", &[80, 22, 6379, 8443], false),
    ("web", "162.159.128.233", &[80, 22, 6379, 8443], false),
    ("unlabelled", "162.159.128.233", &[443], false),
    ("gateway", "10.96.0.1", &[443, 6443], false),
    ("web", "10.96.0.1", &[443, 6443], false),
    ("gateway", "169.254.169.254", &[80, 443], false),
    ("web", "169.254.169.254", &[80, 443], false),
    ("web", "fd00::1", &[443], false),
    ("web", "stranger", &[80, 443, 3000], false),
    ("gateway", "stranger", &[80, 443, 8080], false),
    // Traces.
    ("gateway", "prometheus", &[4318], true),
    ("web", "prometheus", &[4318], true),
    ("web", "prometheus", &[9090], false),
];

/// With a Redis of its own.
const OWN_REDIS: &[Row] = &[
    ("gateway", "redis", &[6379], true),
    ("web", "redis", &[6379], true),
    ("stranger", "redis", &[6379], false),
    ("unlabelled", "redis", &[6379], false),
    ("prometheus", "redis", &[6379], false),
    ("203.0.113.9", "redis", &[6379], false),
    ("redis", "162.159.128.233", &[443], false),
    ("redis", "gateway", &[8080, 9101], false),
    ("redis", "web", &[3000], false),
    ("web", "redis", &[22], false),
    ("web", "10.20.0.5", &[6379], false),
];

/// With a Redis elsewhere.
const OTHER_REDIS: &[Row] = &[
    ("gateway", "10.20.0.5", &[6379, 26379], true),
    ("web", "192.168.7.7", &[6379, 26379], true),
    ("web", "10.20.0.5", &[22, 443, 5432], false),
    ("unlabelled", "10.20.0.5", &[6379], false),
    ("gateway", "198.51.100.7", &[6379], false),
];

/// With a simulated Discord.
const SIMULATED: &[Row] = &[
    ("gateway", "simulator", &[4000], true),
    ("web", "simulator", &[4000], true),
    ("stranger", "simulator", &[4000], false),
    ("simulator", "162.159.128.233", &[443], false),
    ("simulator", "redis", &[6379], false),
    ("simulator", "gateway", &[8080], false),
    ("redis", "simulator", &[4000], false),
];

fn wrong(manifests: &Manifests, tables: &[&[Row]]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut look = |from: &str, to: &str, protocol: &str, port: u64, meant: bool| {
        let (sender, receiver) = (Party::named(from), Party::named(to));
        assert!(
            sender.is_ours() || receiver.is_ours(),
            "{from} and {to} are not ours"
        );
        if reaches(manifests, &sender, &receiver, protocol, port) != meant {
            let verb = if meant { "does not reach" } else { "reaches" };
            faults.push(format!("{from} {verb} {to} on {port} ({protocol})"));
        }
    };
    for (from, to, ports, meant) in tables.iter().copied().flatten() {
        for port in *ports {
            look(from, to, "TCP", *port, *meant);
            look(from, to, "UDP", *port, false);
        }
    }
    for protocol in ["TCP", "UDP"] {
        for from in ["gateway", "web"] {
            look(from, "dns", protocol, 53, true);
            look(from, "169.254.20.10", protocol, 53, true);
            look(from, "169.254.169.254", protocol, 53, true);
            look(from, "system", protocol, 53, false);
            look(from, "162.159.128.233", protocol, 53, false);
        }
        look("redis", "dns", protocol, 53, false);
    }
    faults
}

#[test]
fn everybody_reaches_those_alone_whom_they_need() {
    for (manifests, tables) in [
        (
            Manifests::rendered("k8s"),
            [EVERYWHERE, OWN_REDIS].as_slice(),
        ),
        (Manifests::with_components(), &[EVERYWHERE, OWN_REDIS]),
        (
            Manifests::rendered("k8s/overlays/prod"),
            &[EVERYWHERE, OTHER_REDIS],
        ),
        (
            Manifests::rendered("k8s/overlays/dev"),
            &[EVERYWHERE, OWN_REDIS, SIMULATED],
        ),
    ] {
        let faults = wrong(&manifests, tables);
        assert!(
            faults.is_empty(),
            "{}:\n{}",
            manifests.name,
            faults.join("\n")
        );
    }
}

#[test]
fn a_policy_that_lets_in_too_much_or_too_little_is_noticed() {
    notices(
        |manifests| wrong(manifests, &[EVERYWHERE, OWN_REDIS]),
        [
            (
                "NetworkPolicy",
                "default-deny",
                "/spec/podSelector",
                json!({"matchLabels": {"a": "b"}}),
                "unlabelled reaches 162",
            ),
            (
                "NetworkPolicy",
                "redis",
                "/spec/ingress/0/from",
                Value::Null,
                "stranger reaches redis",
            ),
            (
                "NetworkPolicy",
                "redis",
                "/spec/ingress/0/from/0/namespaceSelector",
                json!({}),
                "stranger reaches redis",
            ),
            (
                "NetworkPolicy",
                "gateway",
                "/spec/ingress/0/from",
                Value::Null,
                "stranger reaches gateway on 8080",
            ),
            (
                "NetworkPolicy",
                "gateway",
                "/spec/ingress/1/from",
                Value::Null,
                "stranger reaches gateway on 9101",
            ),
            (
                "NetworkPolicy",
                "gateway",
                "/spec/egress/0/to/0/ipBlock/except",
                Value::Null,
                "gateway reaches 169.254.169.254 on 443",
            ),
            (
                "NetworkPolicy",
                "gateway",
                "/spec/egress/0/ports/0/port",
                json!(80),
                "gateway does not reach 162.159.128.233 on 443",
            ),
            (
                "NetworkPolicy",
                "web",
                "/spec/egress/0/to/0/podSelector/matchLabels",
                json!({"app": "gateway"}),
                "web does not reach gateway on 8080",
            ),
            (
                "NetworkPolicy",
                "web",
                "/spec/ingress/0/ports/0/port",
                json!(3001),
                "controller does not reach web",
            ),
            (
                "NetworkPolicy",
                "names",
                "/spec/egress/0/ports/0",
                Value::Null,
                "does not reach dns on 53 (UDP)",
            ),
            (
                "NetworkPolicy",
                "names",
                "/spec/egress/0/to/0/podSelector",
                Value::Null,
                "gateway reaches system on 53",
            ),
            (
                "NetworkPolicy",
                "redis-clients",
                "/spec/egress",
                json!([{}]),
                "web reaches 10.20.0.5",
            ),
        ],
    );
}
