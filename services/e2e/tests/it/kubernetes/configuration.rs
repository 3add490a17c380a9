//! What the manifests tell the programs is what the programs understand.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    manifests::{Manifests, list, notices, passes, text},
    settings::{Given, Secrets, variables},
};
use crate::process::Process;

/// Ours that are no program's: what others are made of.
const AIDS: [&str; 1] = ["POD_IP"];

/// The ports of the programs: name in the pod, variable.
const PORTS: [(&str, &str, &str); 5] = [
    ("gateway", "link", "GATEWAY_WS_PORT"),
    ("gateway", "metrics", "METRICS_PORT"),
    ("web", "http", "PORT"),
    ("web", "metrics", "METRICS_PORT"),
    ("simulator", "http", "SIM_PORT"),
];

/// The variables of a program by name, with what its `--help` says.
fn known(program: &'static str) -> BTreeMap<String, String> {
    let mut help = Process::start(program, &["--help"], &[]);
    assert!(help.wait().success());
    let output = help.output();
    let (_, variables) = output
        .split_once("Environment variables:")
        .expect("variables are listed");
    variables
        .lines()
        .filter_map(|line| line.trim().split_once(' '))
        .map(|(name, said)| (name.to_owned(), said.to_owned()))
        .collect()
}

/// Each variable is one of the program's, secrets come from Secrets that have them, ports are where they are looked for.
fn settings(
    manifests: &Manifests,
    known: &BTreeMap<&str, BTreeMap<String, String>>,
) -> Vec<String> {
    let mut faults = Vec::new();
    let secrets = Secrets::of(manifests);
    for workload in manifests.workloads() {
        let Some((program, known)) = known.get_key_value(workload.component()) else {
            continue;
        };
        let files = secrets.files(&workload);
        let given = variables(manifests, &workload);
        for (name, value) in &given {
            let stem = name.strip_suffix("_FILE");
            let said = known.get(name).or_else(|| known.get(stem?));
            let secret = said.is_some_and(|said| said.contains("[secret"));
            match value {
                _ if AIDS.contains(&name.as_str()) => {}
                _ if said.is_none() => faults.push(format!("{program} does not know {name}")),
                Given::Text(path) if secret && stem.is_some() => {
                    if !files.contains_key(path) {
                        faults.push(format!("{program}: no Secret gives {path}"));
                    }
                }
                Given::Secret {
                    secret: from,
                    optional,
                } if secret => {
                    if !optional || !secrets.has(from) {
                        faults.push(format!("{program}: {name} waits for {from}"));
                    }
                }
                _ if secret => faults.push(format!("{program}: {name} is written down")),
                Given::Text(_) | Given::Field | Given::Secret { .. } => {}
            }
        }
        for (_, port, variable) in PORTS.iter().filter(|(whose, ..)| whose == program) {
            let default = known[*variable]
                .split("[default: ")
                .nth(1)
                .unwrap_or_default();
            let set = match given.get(*variable) {
                Some(Given::Text(set)) => set.as_str(),
                _ => default.trim_end_matches(']'),
            };
            if workload.port(port).map(|port| port.to_string()).as_deref() != Some(set) {
                faults.push(format!("{program} listens on {set}, {port} is elsewhere"));
            }
        }
        let annotations = &workload.object["spec"]["template"]["metadata"]["annotations"];
        if let Some(metrics) = workload.port("metrics")
            && text(&annotations["prometheus.io/port"]) != metrics.to_string()
        {
            faults.push(format!("{program}: scraped elsewhere"));
        }
        let order: Vec<_> = list(&workload.pod["containers"][0]["env"])
            .map(|variable| text(&variable["name"]))
            .filter(|name| ["POD_IP", "LINK_ADVERTISE_URL"].contains(name))
            .collect();
        let advertised = given.get("LINK_ADVERTISE_URL");
        let own = Given::Text("ws://$(POD_IP):8080".to_owned());
        if *program == "gateway"
            && (advertised != Some(&own)
                || given.get("POD_IP") != Some(&Given::Field)
                // A variable is only replaced in those that come after it.
                || order != ["POD_IP", "LINK_ADVERTISE_URL"])
        {
            faults.push("gateway does not advertise its own address".to_owned());
        }
    }
    faults
}

#[test]
fn every_variable_is_one_of_the_programs_and_every_port_theirs() {
    let known: BTreeMap<_, _> = ["gateway", "web", "simulator"]
        .map(|program| (program, known(program)))
        .into();
    let check = |manifests: &Manifests| settings(manifests, &known);
    passes(check);
    let at = |field: &str| format!("/spec/template/spec/{field}").leak() as &str;
    notices(
        check,
        [
            (
                "ConfigMap",
                "web",
                "/data/BASE_ULR",
                json!("https://x"),
                "web does not know BASE_ULR",
            ),
            (
                "ConfigMap",
                "fanfare",
                "/data/BASE_URL",
                json!("https://x"),
                "gateway does not know BASE_URL",
            ),
            (
                "ConfigMap",
                "web",
                "/data/SESSION_SECRET",
                json!("x"),
                "SESSION_SECRET is written down",
            ),
            (
                "Deployment",
                "web",
                at("volumes/0/projected/sources/0"),
                Value::Null,
                "no Secret gives",
            ),
            (
                "Deployment",
                "web",
                at("containers/0/env/2/valueFrom/secretKeyRef/optional"),
                Value::Null,
                "SESSION_SECRET_PREVIOUS waits for fanfare-web",
            ),
            (
                "Deployment",
                "web",
                at("containers/0/ports/0/containerPort"),
                json!(3001),
                "listens on 3000",
            ),
            (
                "ConfigMap",
                "gateway",
                "/data/METRICS_PORT",
                json!("9109"),
                "listens on 9109",
            ),
            (
                "Deployment",
                "gateway",
                "/spec/template/metadata/annotations/prometheus.io~1port",
                json!("9102"),
                "scraped",
            ),
            (
                "Deployment",
                "gateway",
                at("containers/0/env/1/value"),
                json!("ws://gateway:8080"),
                "its own address",
            ),
            (
                "Deployment",
                "gateway",
                at("containers/0/env"),
                json!([
                    {"name": "LINK_ADVERTISE_URL", "value": "ws://$(POD_IP):8080"},
                    {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
                ]),
                "its own address",
            ),
        ],
    );
}

#[test]
fn a_secret_that_one_program_needs_is_not_shown_to_the_other() {
    for manifests in Manifests::every() {
        let secrets = Secrets::of(&manifests);
        for (program, foreign) in [
            (
                "gateway",
                ["SESSION_SECRET", "DISCORD_CLIENT_SECRET"].as_slice(),
            ),
            ("web", &["DISCORD_BOT_TOKEN"]),
            (
                "redis",
                &["SESSION_SECRET", "DISCORD_BOT_TOKEN", "LINK_TOKEN"],
            ),
        ] {
            let Some(workload) = manifests
                .workloads()
                .into_iter()
                .find(|it| it.name == program)
            else {
                continue;
            };
            for path in secrets.files(&workload).keys() {
                assert!(
                    !foreign
                        .iter()
                        .any(|name| path.ends_with(&format!("/{name}"))),
                    "{}: {program} has {path}",
                    manifests.name
                );
            }
            for volume in list(&workload.pod["volumes"]) {
                let mode = &volume["projected"]["defaultMode"];
                assert!(mode.is_null() || *mode == 0o440, "{program}: {mode}");
            }
        }
    }
}
