//! How a pod's life goes: what it is asked, what it is restarted for, and how it stops.

use serde_json::{Value, json};

use super::manifests::{Manifests, notices, passes, text};

/// Seconds beside pre-stop and drain in which a process may end.
const MARGIN: u64 = 5;

/// All three probes; a restart never for what is elsewhere, and time to start.
fn probes(manifests: &Manifests) -> Vec<String> {
    /// Seconds within which a process that waits for nothing has begun to listen, on a slow node.
    const START: u64 = 30;
    /// Live, ready: of our own programs.
    const PATHS: [(&str, &str, &str); 2] = [
        ("gateway", "/health", "/ready"),
        ("web", "/api/health", "/api/ready"),
    ];
    let mut faults = Vec::new();
    for workload in manifests.workloads() {
        for (name, container) in workload.containers() {
            let path = |probe: &str| text(&container[probe]["httpGet"]["path"]);
            for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
                let said = &container[probe];
                let port = [&said["httpGet"]["port"], &said["tcpSocket"]["port"]]
                    .into_iter()
                    .find(|port| !port.is_null());
                let known = port.is_none_or(|port| workload.port(text(port)).is_some());
                let timed = said["timeoutSeconds"].is_u64() && said["periodSeconds"].is_u64();
                if said.is_null() || !known || !timed {
                    faults.push(format!("{name}: no {probe}, or one without port and times"));
                }
            }
            if let Some((_, live, ready)) = PATHS.iter().find(|(whose, ..)| *whose == name) {
                if path("livenessProbe") != *live || path("startupProbe") != *live {
                    faults.push(format!("{name}: restarted for what is elsewhere"));
                }
                if path("readinessProbe") != *ready {
                    faults.push(format!("{name}: not asked whether it is ready"));
                }
            }
            let start = &container["startupProbe"];
            let window = start["periodSeconds"].as_u64().unwrap_or_default()
                * start["failureThreshold"].as_u64().unwrap_or_default();
            if window < START {
                faults.push(format!("{name}: {window} s to start"));
            }
        }
    }
    faults
}

#[test]
fn every_container_is_probed_for_what_it_can_mend() {
    passes(probes);
    let at = |field: &str| format!("/spec/template/spec/containers/0/{field}").leak() as &str;
    notices(
        probes,
        [
            (
                "Deployment",
                "web",
                at("livenessProbe"),
                Value::Null,
                "no livenessProbe",
            ),
            (
                "Deployment",
                "web",
                at("readinessProbe/httpGet/port"),
                json!("https"),
                "no readinessProbe",
            ),
            (
                "Deployment",
                "web",
                at("livenessProbe/httpGet/path"),
                json!("/api/ready"),
                "restarted for",
            ),
            (
                "Deployment",
                "gateway",
                at("startupProbe/httpGet/path"),
                json!("/ready"),
                "restarted for",
            ),
            (
                "Deployment",
                "gateway",
                at("readinessProbe/httpGet/path"),
                json!("/health"),
                "whether it is ready",
            ),
            (
                "Deployment",
                "gateway",
                at("startupProbe/failureThreshold"),
                json!(3),
                "6 s to start",
            ),
        ],
    );
}

/// The time to stop covers pre-stop and drain; a new pod stands before an old one goes.
fn stopping(manifests: &Manifests) -> Vec<String> {
    let mut faults = Vec::new();
    let shared = manifests.find("ConfigMap", "fanfare");
    let grace = shared.and_then(|shared| {
        text(&shared["data"]["SHUTDOWN_GRACE_SECONDS"])
            .parse::<u64>()
            .ok()
    });
    let Some(grace) = grace else {
        return vec!["SHUTDOWN_GRACE_SECONDS is not set".to_owned()];
    };
    for (name, needs_sleep) in [("gateway", false), ("web", true)] {
        let workload = manifests.workload(name);
        let container = &workload.pod["containers"][0];
        let sleep = container["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64();
        if needs_sleep && sleep.is_none() {
            faults.push(format!("{name}: stops before load balancers have noticed"));
        }
        let needed = sleep.unwrap_or_default() + grace + MARGIN;
        let given = workload.pod["terminationGracePeriodSeconds"]
            .as_u64()
            .unwrap_or_default();
        if given < needed {
            faults.push(format!("{name}: {given} s to stop, {needed} s needed"));
        }
        let rolling = &workload.object["spec"]["strategy"]["rollingUpdate"];
        if rolling["maxUnavailable"] != 0 || rolling["maxSurge"].as_u64() < Some(1) {
            faults.push(format!(
                "{name}: an update takes one away before there is a new one"
            ));
        }
    }
    faults
}

#[test]
fn whatever_stops_has_the_time_to_hand_over() {
    passes(stopping);
    let at = |field: &str| format!("/spec/template/spec/{field}").leak() as &str;
    notices(
        stopping,
        [
            (
                "Deployment",
                "web",
                at("terminationGracePeriodSeconds"),
                json!(35),
                "35 s to stop",
            ),
            (
                "Deployment",
                "gateway",
                at("terminationGracePeriodSeconds"),
                Value::Null,
                "0 s to stop",
            ),
            (
                "Deployment",
                "web",
                at("containers/0/lifecycle"),
                Value::Null,
                "before load balancers",
            ),
            (
                "ConfigMap",
                "fanfare",
                "/data/SHUTDOWN_GRACE_SECONDS",
                json!("60"),
                "65 s needed",
            ),
            (
                "Deployment",
                "web",
                "/spec/strategy/rollingUpdate/maxUnavailable",
                json!(1),
                "takes one away",
            ),
        ],
    );
}
