//! Everything that can be applied, against the schemas of Kubernetes and of the Prometheus operator.

use std::{fs, process::Command};

use serde_json::json;
use tempfile::NamedTempFile;

use super::manifests::{Manifests, text};
use crate::tidy::root;

const VERSIONS: [&str; 3] = ["1.30", "1.32", "1.34"];

/// The group that Kubernetes' schemas know nothing of.
const OPERATOR: &str = "monitoring.coreos.com/";

/// What is wrong with each object in each version; an object that no schema was found for is wrong, too.
fn faults(manifests: &Manifests) -> Vec<String> {
    let program = root().join("target/python/deploy/bin/kubernetes-validate");
    assert!(
        program.exists(),
        "kubernetes-validate is not installed: run `make tools`"
    );
    let (operators, own): (Vec<_>, Vec<_>) = manifests
        .objects
        .iter()
        .partition(|object| text(&object["apiVersion"]).starts_with(OPERATOR));
    let documents: Vec<_> = own.iter().map(ToString::to_string).collect();
    let file = NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), documents.join("\n---\n")).expect("the file can be written");
    let mut command = Command::new(program);
    command.args(["--strict"]);
    command.args(VERSIONS.iter().flat_map(|version| ["-k", version]));
    let output = command.arg(file.path()).output().expect("it starts");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut faults: Vec<_> = told
        .lines()
        .filter(|line| !line.starts_with("INFO"))
        .map(str::to_owned)
        .collect();
    let passed = told.lines().count() - faults.len();
    if passed != own.len() * VERSIONS.len() {
        faults.push(format!(
            "{passed} of {} in {} versions passed: {}",
            own.len(),
            VERSIONS.len(),
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    for object in operators {
        let output = Command::new("node")
            .arg("validate.mjs")
            .arg(object.to_string())
            .current_dir(root().join("services/e2e/kubernetes"))
            .output()
            .expect("node starts");
        if !output.status.success() {
            faults.push(String::from_utf8_lossy(&output.stderr).into_owned());
        }
    }
    faults
}

#[test]
fn everything_is_valid_in_every_version() {
    for manifests in Manifests::every() {
        let faults = faults(&manifests);
        assert!(
            faults.is_empty(),
            "{}:\n{}",
            manifests.name,
            faults.join("\n")
        );
    }
    let template = crate::tidy::read(&root().join("k8s/secrets.example.yaml"));
    let faults = faults(&Manifests::parse("secrets.example.yaml", &template));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_is_not_valid_is_noticed() {
    for (kind, name, pointer, value) in [
        ("Deployment", "web", "/spec/replica", json!(2)),
        ("Deployment", "web", "/spec/selector", json!(null)),
        (
            "Ingress",
            "web",
            "/spec/rules/0/http/paths/0/pathType",
            json!(7),
        ),
        ("Service", "web", "/apiVersion", json!("v2")),
        (
            "PodMonitor",
            "fanfare",
            "/spec/podMetricsEndpoints/0/interval",
            json!("often"),
        ),
        ("PodMonitor", "fanfare", "/spec/selector", json!(null)),
        (
            "PrometheusRule",
            "fanfare",
            "/spec/groups/0/rules/0/expr",
            json!(null),
        ),
    ] {
        let mut manifests = Manifests::with_components();
        manifests.put(kind, name, pointer, value.clone());
        let broken = manifests.find(kind, name).expect("it is there").clone();
        manifests.objects = vec![broken];
        assert!(!faults(&manifests).is_empty(), "{name} {pointer} = {value}");
    }
}
