//! What is rendered, and whether the rendered file is current.

use std::fs;

use serde_json::Value;

use super::manifests::{Manifests, copy, kustomize, list, text};
use crate::tidy::{read, root};

#[test]
fn the_rendered_file_is_what_the_kustomization_gives() {
    let written = read(&root().join("k8s/fanfare.yaml"));
    let current = kustomize(&root().join("k8s"));
    let body = written.split_once('\n').map(|(_, body)| body);
    assert!(
        body == Some(&current),
        "k8s/fanfare.yaml is not current: run `make manifests`"
    );
}

#[test]
fn the_base_needs_no_custom_resources_and_brings_no_secrets() {
    for name in ["k8s", "k8s/overlays/prod"] {
        for object in Manifests::rendered(name).objects {
            let version = text(&object["apiVersion"]);
            let group = version.split('/').next().unwrap_or_default();
            assert!(
                !group.contains('.') || group.ends_with(".k8s.io"),
                "{name}: {version} is a custom resource"
            );
            assert!(
                object["kind"] != "Secret",
                "{name}: {} would be applied over what was filled in",
                object["metadata"]["name"]
            );
        }
    }
}

#[test]
fn the_namespace_comes_first_and_admits_only_restricted_pods() {
    for manifests in Manifests::every() {
        let namespace = &manifests.objects[0];
        assert_eq!(namespace["kind"], "Namespace", "{}", manifests.name);
        let labels = &namespace["metadata"]["labels"];
        for mode in ["enforce", "audit", "warn"] {
            let label = format!("pod-security.kubernetes.io/{mode}");
            assert_eq!(labels[label], "restricted", "{}", manifests.name);
        }
        for object in &manifests.objects[1..] {
            assert_eq!(
                object["metadata"]["namespace"], namespace["metadata"]["name"],
                "{}: {}",
                manifests.name, object["metadata"]["name"]
            );
        }
    }
}

#[test]
fn the_address_is_said_once() {
    let folder = copy();
    for kustomization in ["k8s", "k8s/overlays/prod"] {
        let folder = folder.path().join(kustomization);
        let file = folder.join("kustomization.yaml");
        let text = read(&file);
        assert_eq!(text.matches("fanfare.example.org").count(), 1);
        fs::write(
            &file,
            text.replace("fanfare.example.org", "rooms.example.net"),
        )
        .expect("the copy can be written");
        let manifests = Manifests::parse("changed", &kustomize(&folder));
        let ingress = manifests.find("Ingress", "web").expect("an Ingress");
        assert_eq!(ingress["spec"]["rules"][0]["host"], "rooms.example.net");
        assert_eq!(ingress["spec"]["tls"][0]["hosts"][0], "rooms.example.net");
        assert_eq!(
            manifests.find("ConfigMap", "web").expect("a ConfigMap")["data"]["BASE_URL"],
            "https://rooms.example.net"
        );
    }
}

#[test]
fn the_ingress_leaves_streams_open_and_holds_nothing_back() {
    let manifests = Manifests::rendered("k8s");
    let ingress = manifests.find("Ingress", "web").expect("an Ingress");
    let annotation = |name: &str| text(&ingress["metadata"]["annotations"][name]).to_owned();
    assert_eq!(
        annotation("nginx.ingress.kubernetes.io/proxy-buffering"),
        "off"
    );
    for timeout in ["read", "send"] {
        let name = format!("nginx.ingress.kubernetes.io/proxy-{timeout}-timeout");
        let seconds: u32 = annotation(&name).parse().expect("a number of seconds");
        assert!(seconds >= 3600, "{name} is {seconds}");
    }
}

#[test]
fn components_add_the_streams_to_the_cpu_and_what_the_operator_reads() {
    let manifests = Manifests::with_components();
    let scaler = manifests
        .find("HorizontalPodAutoscaler", "web")
        .expect("a HorizontalPodAutoscaler");
    let metrics = &scaler["spec"]["metrics"];
    assert_eq!(
        metrics[0]["pods"]["metric"]["name"],
        "fanfare_streams_active"
    );
    assert_eq!(metrics[1]["resource"]["name"], "cpu");
    assert_eq!(metrics[2], Value::Null);
    let source = read(&root().join("services/web/src/metrics.rs"));
    assert!(source.contains("\"fanfare_streams_active\""));
    let monitor = manifests
        .find("PodMonitor", "fanfare")
        .expect("a PodMonitor");
    let port = text(&monitor["spec"]["podMetricsEndpoints"][0]["port"]);
    for name in ["gateway", "web"] {
        assert!(manifests.workload(name).port(port).is_some());
    }
}

/// A line that is commented out without its hash; prose as it is.
fn switched_on(line: &str) -> String {
    let Some((indent, rest)) = line.split_once("# ") else {
        return line.to_owned();
    };
    let settings = ["- ", "components:", "replicas:", "newName:"];
    let is_setting = settings
        .iter()
        .any(|setting| rest.trim_start().starts_with(setting));
    if indent.trim().is_empty() && is_setting {
        format!("{indent}{rest}")
    } else {
        line.to_owned()
    }
}

#[test]
fn what_is_commented_out_can_be_switched_on() {
    let folder = copy();
    for kustomization in ["k8s", "k8s/overlays/prod"] {
        let folder = folder.path().join(kustomization);
        let file = folder.join("kustomization.yaml");
        let lines: Vec<_> = read(&file).lines().map(switched_on).collect();
        fs::write(&file, lines.join("\n")).expect("the copy can be written");
        let manifests = Manifests::parse(kustomization, &kustomize(&folder));
        assert!(manifests.find("PodMonitor", "fanfare").is_some());
        let scaler = manifests.find("HorizontalPodAutoscaler", "web");
        let scaler = scaler.expect("a HorizontalPodAutoscaler");
        assert_eq!(scaler["spec"]["metrics"][0]["type"], "Pods");
        let gateway = manifests.workload("gateway").object;
        assert_eq!(gateway["spec"]["replicas"], 3, "{kustomization}");
        let settings = manifests.find("ConfigMap", "gateway").expect("a ConfigMap");
        assert_eq!(settings["data"]["DISCORD_INTENTS"], "36739");
        for name in ["gateway", "web"] {
            let image = &manifests.workload(name).pod["containers"][0]["image"];
            let image = text(image);
            assert!(image.starts_with("registry.example.org/"), "{image}");
        }
    }
}

#[test]
fn the_readme_names_what_is_there() {
    let readme = read(&root().join("README.md"));
    let named: Vec<_> = readme
        .split(|c: char| !(c.is_ascii_alphanumeric() || "/._-".contains(c)))
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| word.starts_with("k8s/"))
        .collect();
    assert!(named.len() > 10, "{named:?}");
    for path in named {
        // Made by its reader out of the template.
        let made = path == "k8s/secrets.yaml";
        assert!(made || root().join(path).exists(), "{path} is not there");
    }
}

#[test]
fn the_operator_is_given_the_rules_that_prometheus_has_elsewhere() {
    let folder = root().join("deploy/prometheus/rules");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("there are rules")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .collect();
    files.sort();
    let groups: Vec<Value> = files
        .iter()
        .flat_map(|path| {
            let file: Value = serde_norway::from_str(&read(path)).expect("YAML");
            list(&file["groups"]).cloned().collect::<Vec<_>>()
        })
        .collect();
    assert!(!groups.is_empty());
    let manifests = Manifests::with_components();
    let rule = manifests
        .find("PrometheusRule", "fanfare")
        .expect("a PrometheusRule");
    assert!(
        rule["spec"]["groups"] == Value::Array(groups),
        "k8s/components/monitoring/rules.yaml is not current: run `make manifests`"
    );
}
