//! What a container is told: variables, and files with secrets.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;

use super::manifests::{Manifests, Workload, list, text};
use crate::tidy::{read, root};

/// Where a variable's value comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Given {
    /// It is written down.
    Text(String),
    /// A key of a Secret.
    Secret { secret: String, optional: bool },
    /// Something that the pod knows about itself.
    Field,
}

/// The variables of a workload's only container; of what is given twice the later counts, as Kubernetes has it.
pub(super) fn variables(manifests: &Manifests, workload: &Workload<'_>) -> BTreeMap<String, Given> {
    let container = &workload.pod["containers"][0];
    let mut given = BTreeMap::new();
    for source in list(&container["envFrom"]) {
        let config = manifests.find("ConfigMap", text(&source["configMapRef"]["name"]));
        for (name, value) in config
            .and_then(|config| config["data"].as_object())
            .into_iter()
            .flatten()
        {
            given.insert(name.clone(), Given::Text(text(value).to_owned()));
        }
    }
    for variable in list(&container["env"]) {
        let from = &variable["valueFrom"];
        let key = &from["secretKeyRef"];
        let value = if !key.is_null() {
            Given::Secret {
                secret: text(&key["name"]).to_owned(),
                optional: key["optional"] == true,
            }
        } else if from.is_null() {
            Given::Text(text(&variable["value"]).to_owned())
        } else {
            Given::Field
        };
        given.insert(text(&variable["name"]).to_owned(), value);
    }
    given
}

/// Secrets by name: those that are applied, else those that the template asks for.
pub(super) struct Secrets(BTreeMap<String, BTreeMap<String, String>>);

impl Secrets {
    pub(super) fn of(manifests: &Manifests) -> Self {
        let read_all = |manifests: &Manifests| -> BTreeMap<_, _> {
            manifests
                .of_kind("Secret")
                .map(|secret| {
                    (
                        text(&secret["metadata"]["name"]).to_owned(),
                        entries(secret),
                    )
                })
                .collect()
        };
        let mut secrets = read_all(manifests);
        if secrets.is_empty() {
            secrets = read_all(&template());
        }
        Self(secrets)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The files that a workload finds its secrets in: path and content.
    pub(super) fn files(&self, workload: &Workload<'_>) -> BTreeMap<String, String> {
        let mounts: BTreeMap<_, _> = list(&workload.pod["containers"][0]["volumeMounts"])
            .map(|mount| (text(&mount["name"]), text(&mount["mountPath"])))
            .collect();
        let mut files = BTreeMap::new();
        for volume in list(&workload.pod["volumes"]) {
            let projected =
                list(&volume["projected"]["sources"]).map(|source| &source["secret"]["name"]);
            for secret in projected.chain([&volume["secret"]["secretName"]]) {
                let entries = self.0.get(text(secret)).into_iter().flatten();
                if let Some(folder) = mounts.get(text(&volume["name"])) {
                    files.extend(
                        entries.map(|(key, value)| (format!("{folder}/{key}"), value.clone())),
                    );
                }
            }
        }
        files
    }
}

/// `k8s/secrets.example.yaml`, with what is commented out in it.
fn template() -> Manifests {
    let written = read(&root().join("k8s/secrets.example.yaml"));
    let text: Vec<_> = written
        .lines()
        .map(|line| match line.strip_prefix("  # ") {
            Some(rest) if rest.ends_with(": \"\"") => format!("  {rest}"),
            _ => line.to_owned(),
        })
        .collect();
    Manifests::parse("secrets.example.yaml", &text.join("\n"))
}

fn entries(secret: &Value) -> BTreeMap<String, String> {
    let plain = secret["stringData"].as_object().into_iter().flatten();
    let encoded = secret["data"].as_object().into_iter().flatten();
    plain
        .map(|(key, value)| (key.clone(), text(value).to_owned()))
        .chain(encoded.map(|(key, value)| {
            let bytes = BASE64_STANDARD.decode(text(value)).expect("base64");
            (key.clone(), String::from_utf8(bytes).expect("text"))
        }))
        .collect()
}

#[test]
fn the_template_holds_no_secret_that_works() {
    let template = read(&root().join("k8s/secrets.example.yaml"));
    let template = Manifests::parse("secrets.example.yaml", &template);
    assert_eq!(template.of_kind("Secret").count(), template.objects.len());
    for secret in template.of_kind("Secret") {
        for (key, value) in entries(secret) {
            assert!(value.is_empty(), "{key} has a value");
        }
    }
}
