//! Whatever names something names what is there.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    manifests::{Manifests, Workload, list, notices, passes, text, within},
    settings::Secrets,
};

/// Selectors select what they are for, and nothing is promised of it that can't be kept.
fn selectors(manifests: &Manifests) -> Vec<String> {
    let mut faults = Vec::new();
    let workloads = manifests.workloads();
    let selected = |selector: &Value| -> Vec<&Workload<'_>> {
        workloads
            .iter()
            .filter(|workload| within(selector, workload.labels))
            .collect()
    };
    for workload in &workloads {
        let own = &workload.object["spec"]["selector"]["matchLabels"];
        if selected(own).len() != 1 || !within(own, workload.labels) {
            faults.push(format!(
                "{} does not select its own pods alone",
                workload.name
            ));
        }
        for constraint in list(&workload.pod["topologySpreadConstraints"]) {
            if !within(&constraint["labelSelector"]["matchLabels"], workload.labels) {
                faults.push(format!(
                    "{} is spread by the labels of others",
                    workload.name
                ));
            }
        }
    }
    for service in manifests.of_kind("Service") {
        let name = text(&service["metadata"]["name"]);
        let [workload] = selected(&service["spec"]["selector"])[..] else {
            faults.push(format!("Service {name} does not select one workload"));
            continue;
        };
        for port in list(&service["spec"]["ports"]) {
            if workload.port(text(&port["targetPort"])).is_none() {
                faults.push(format!("Service {name}: no port {}", port["targetPort"]));
            }
        }
    }
    for policy in manifests.of_kind("NetworkPolicy") {
        let selector = &policy["spec"]["podSelector"]["matchLabels"];
        if !selector.is_null() && selected(selector).is_empty() {
            faults.push(format!(
                "NetworkPolicy {} is for nobody",
                policy["metadata"]["name"]
            ));
        }
    }
    for ingress in manifests.of_kind("Ingress") {
        for path in list(&ingress["spec"]["rules"]).flat_map(|rule| list(&rule["http"]["paths"])) {
            let backend = &path["backend"]["service"];
            let found = manifests
                .find("Service", text(&backend["name"]))
                .is_some_and(|service| {
                    list(&service["spec"]["ports"])
                        .any(|port| port["name"] == backend["port"]["name"])
                });
            if !found {
                faults.push(format!("Ingress leads to {backend}"));
            }
        }
    }
    faults
}

#[test]
fn selectors_select_what_they_are_for() {
    passes(selectors);
    let component = "app.kubernetes.io~1component";
    let at = |path: &str| format!("{path}/{component}").leak() as &str;
    notices(
        selectors,
        [
            (
                "Service",
                "web",
                at("/spec/selector"),
                json!("wbe"),
                "Service web does not",
            ),
            (
                "Service",
                "web",
                "/spec/ports/0/targetPort",
                json!("https"),
                "no port",
            ),
            (
                "Deployment",
                "gateway",
                at("/spec/selector/matchLabels"),
                Value::Null,
                "its own pods alone",
            ),
            (
                "Deployment",
                "web",
                at("/spec/template/spec/topologySpreadConstraints/0/labelSelector/matchLabels"),
                json!("gateway"),
                "labels of others",
            ),
            (
                "NetworkPolicy",
                "gateway",
                at("/spec/podSelector/matchLabels"),
                json!("gate"),
                "is for nobody",
            ),
            (
                "Ingress",
                "web",
                "/spec/rules/0/http/paths/0/backend/service/port/name",
                json!("https"),
                "leads to",
            ),
        ],
    );
}

/// Budgets and scaling agree with how many there are.
fn numbers(manifests: &Manifests) -> Vec<String> {
    let mut faults = Vec::new();
    let mut scaled = BTreeSet::new();
    for scaler in manifests.of_kind("HorizontalPodAutoscaler") {
        let spec = &scaler["spec"];
        let target = text(&spec["scaleTargetRef"]["name"]);
        scaled.insert(target);
        match manifests.find(text(&spec["scaleTargetRef"]["kind"]), target) {
            None => faults.push(format!("nothing to scale: {target}")),
            Some(workload) if !workload["spec"]["replicas"].is_null() => {
                faults.push(format!("an apply would set the replicas of {target} back"));
            }
            Some(_) => {}
        }
        let (least, most) = (spec["minReplicas"].as_u64(), spec["maxReplicas"].as_u64());
        if least < Some(2) || most < least {
            faults.push(format!("{target} is scaled from {least:?} to {most:?}"));
        }
        if !list(&spec["metrics"]).any(|metric| metric["resource"]["name"] == "cpu") {
            faults.push(format!("{target}: nothing to go by without an adapter"));
        }
    }
    for workload in manifests.workloads() {
        let replicas = &workload.object["spec"]["replicas"];
        if scaled.contains(workload.name) == replicas.is_u64() {
            faults.push(format!(
                "{}: how many is said twice or not at all",
                workload.name
            ));
        }
        let budgets: Vec<_> = manifests
            .of_kind("PodDisruptionBudget")
            .filter(|budget| within(&budget["spec"]["selector"]["matchLabels"], workload.labels))
            .collect();
        let several = scaled.contains(workload.name) || replicas.as_u64() > Some(1);
        if budgets.len() != usize::from(several) {
            faults.push(format!("{}: {} budgets", workload.name, budgets.len()));
        }
        for budget in budgets {
            if budget["spec"]["maxUnavailable"] != 1 {
                faults.push(format!("{}: a drain takes more than one", workload.name));
            }
        }
    }
    faults
}

#[test]
fn budgets_and_scaling_agree_with_the_replicas() {
    passes(numbers);
    notices(
        numbers,
        [
            (
                "Deployment",
                "web",
                "/spec/replicas",
                json!(3),
                "would set the replicas",
            ),
            (
                "Deployment",
                "gateway",
                "/spec/replicas",
                json!(1),
                "1 budgets",
            ),
            (
                "Deployment",
                "gateway",
                "/spec/replicas",
                Value::Null,
                "not at all",
            ),
            (
                "PodDisruptionBudget",
                "gateway",
                "/spec/maxUnavailable",
                json!(2),
                "more than one",
            ),
            (
                "PodDisruptionBudget",
                "web",
                "/spec/selector/matchLabels/x",
                json!("y"),
                "web: 0 budgets",
            ),
            (
                "HorizontalPodAutoscaler",
                "web",
                "/spec/minReplicas",
                json!(1),
                "from Some(1)",
            ),
            (
                "HorizontalPodAutoscaler",
                "web",
                "/spec/metrics/0",
                Value::Null,
                "nothing to go by",
            ),
            (
                "HorizontalPodAutoscaler",
                "web",
                "/spec/scaleTargetRef/name",
                json!("wbe"),
                "nothing to scale",
            ),
        ],
    );
}

/// `ConfigMap`s, Secrets, volumes and ports that are named exist, and names are such as the API takes.
fn names(manifests: &Manifests) -> Vec<String> {
    let mut faults = Vec::new();
    let secrets = Secrets::of(manifests);
    for workload in manifests.workloads() {
        let mut volumes = BTreeSet::new();
        for volume in list(&workload.pod["volumes"]) {
            volumes.insert(text(&volume["name"]));
            let config = &volume["configMap"]["name"];
            let sources =
                list(&volume["projected"]["sources"]).map(|source| &source["secret"]["name"]);
            for secret in sources.chain([&volume["secret"]["secretName"]]) {
                if !secret.is_null() && !secrets.has(text(secret)) {
                    faults.push(format!("{}: no Secret {secret}", workload.name));
                }
            }
            if !config.is_null() && manifests.find("ConfigMap", text(config)).is_none() {
                faults.push(format!("{}: no ConfigMap {config}", workload.name));
            }
        }
        let claims = list(&workload.object["spec"]["volumeClaimTemplates"]);
        volumes.extend(claims.map(|claim| text(&claim["metadata"]["name"])));
        for (name, container) in workload.containers() {
            for source in list(&container["envFrom"]) {
                let config = text(&source["configMapRef"]["name"]);
                if manifests.find("ConfigMap", config).is_none() {
                    faults.push(format!("{name}: no ConfigMap {config}"));
                }
            }
            for mount in list(&container["volumeMounts"]) {
                if !volumes.contains(text(&mount["name"])) {
                    faults.push(format!("{name}: no volume {}", mount["name"]));
                }
            }
            for port in list(&container["ports"]) {
                const LONGEST: usize = 15;
                if !is_label(text(&port["name"]), LONGEST) {
                    faults.push(format!("{name}: {} is no name of a port", port["name"]));
                }
            }
        }
    }
    for object in &manifests.objects {
        const LONGEST: usize = 63;
        let metadata = &object["metadata"];
        if !is_label(text(&metadata["name"]), LONGEST) {
            faults.push(format!("{} is no name", metadata["name"]));
        }
        let labels = metadata["labels"].as_object().into_iter().flatten();
        for (key, value) in labels {
            let value = text(value);
            let plain = value
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
            if value.is_empty() || value.len() > LONGEST || !plain {
                faults.push(format!("{}: {key} is no label", metadata["name"]));
            }
        }
    }
    faults
}

/// RFC 1123.
fn is_label(name: &str, longest: usize) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    !name.is_empty()
        && name.len() <= longest
        && name.chars().all(|c| plain(c) || c == '-')
        && name.starts_with(plain)
        && name.ends_with(plain)
}

#[test]
fn what_is_named_is_there() {
    passes(names);
    let at = |field: &str| format!("/spec/template/spec/{field}").leak() as &str;
    notices(
        names,
        [
            (
                "Deployment",
                "web",
                at("volumes/0/projected/sources/0/secret/name"),
                json!("fanfare"),
                "no Secret",
            ),
            (
                "Deployment",
                "web",
                at("containers/0/envFrom/0/configMapRef/name"),
                json!("fan"),
                "no ConfigMap",
            ),
            (
                "Deployment",
                "web",
                at("containers/0/volumeMounts/0/name"),
                json!("keys"),
                "no volume",
            ),
            (
                "Deployment",
                "web",
                at("containers/0/ports/0/name"),
                json!("the-port-of-browsers"),
                "no name of a port",
            ),
            (
                "StatefulSet",
                "redis",
                at("volumes/0/configMap/name"),
                json!("conf"),
                "no ConfigMap",
            ),
            (
                "Service",
                "web",
                "/metadata/name",
                json!("Web"),
                "is no name",
            ),
            (
                "Service",
                "web",
                "/metadata/labels/x",
                json!("a b"),
                "is no label",
            ),
        ],
    );
}
