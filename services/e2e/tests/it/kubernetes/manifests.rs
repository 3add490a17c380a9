//! What a kustomization renders to, as values.

use std::{fs, path::Path, process::Command};

use serde_json::Value;
use tempfile::TempDir;

use crate::tidy::{read, root};

/// Resources that are applied together.
pub(super) struct Manifests {
    /// What they were rendered from.
    pub(super) name: &'static str,
    pub(super) objects: Vec<Value>,
}

/// Something that makes pods.
pub(super) struct Workload<'a> {
    pub(super) name: &'a str,
    pub(super) object: &'a Value,
    /// The pod's labels.
    pub(super) labels: &'a Value,
    /// The pod's specification.
    pub(super) pod: &'a Value,
}

impl Manifests {
    /// What `kubectl apply -k` of this folder applies.
    pub(super) fn rendered(name: &'static str) -> Self {
        Self::parse(name, &kustomize(&root().join(name)))
    }

    /// The base with every component.
    pub(super) fn with_components() -> Self {
        let folder = copy();
        let file = folder.path().join("k8s/kustomization.yaml");
        let text = read(&file)
            .replace("  # - components/", "  - components/")
            .replace("  # with", "  # now with");
        fs::write(&file, text).expect("the copy can be written");
        let rendered = Self::parse("all components", &kustomize(&folder.path().join("k8s")));
        assert!(
            rendered.find("PodMonitor", "fanfare").is_some(),
            "the components are not switched on: does k8s/kustomization.yaml still name them?"
        );
        rendered
    }

    /// Everything that can be applied.
    pub(super) fn every() -> Vec<Self> {
        let mut every = vec![Self::with_components()];
        every.extend(["k8s", "k8s/overlays/prod", "k8s/overlays/dev"].map(Self::rendered));
        every
    }

    pub(super) fn parse(name: &'static str, text: &str) -> Self {
        let objects = text
            .split("\n---\n")
            .map(|document| {
                serde_norway::from_str(document)
                    .unwrap_or_else(|error| panic!("{name}: {error}:\n{document}"))
            })
            .filter(|object: &Value| !object.is_null())
            .collect();
        Self { name, objects }
    }

    pub(super) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.objects
            .iter()
            .filter(move |object| object["kind"] == kind)
    }

    /// An object by its name, with or without the hash that kustomize appends.
    pub(super) fn find<'a>(&'a self, kind: &'a str, name: &str) -> Option<&'a Value> {
        self.of_kind(kind)
            .find(|object| is_named(text(&object["metadata"]["name"]), name))
    }

    pub(super) fn workloads(&self) -> Vec<Workload<'_>> {
        self.objects
            .iter()
            .filter_map(|object| {
                let template = &object["spec"]["template"];
                template["spec"]["containers"].as_array()?;
                Some(Workload {
                    name: text(&object["metadata"]["name"]),
                    object,
                    labels: &template["metadata"]["labels"],
                    pod: &template["spec"],
                })
            })
            .collect()
    }

    pub(super) fn workload(&self, name: &str) -> Workload<'_> {
        self.workloads()
            .into_iter()
            .find(|workload| workload.name == name)
            .unwrap_or_else(|| panic!("{}: there is no {name}", self.name))
    }

    /// Puts a value somewhere, to see whether a check notices; null removes what is there.
    #[track_caller]
    pub(super) fn put(&mut self, kind: &str, name: &str, pointer: &str, value: Value) {
        let object = self
            .objects
            .iter_mut()
            .find(|object| {
                object["kind"] == kind && is_named(text(&object["metadata"]["name"]), name)
            })
            .unwrap_or_else(|| panic!("there is no {kind} {name}"));
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer has a slash");
        let key = key.replace("~1", "/");
        let parent = object
            .pointer_mut(parent)
            .unwrap_or_else(|| panic!("{kind} {name} has no {parent}"));
        match parent {
            Value::Object(fields) if value.is_null() => {
                let before = fields.remove(&key);
                assert!(before.is_some(), "{kind} {name} has no {pointer}");
            }
            Value::Object(fields) => {
                fields.insert(key, value);
            }
            Value::Array(items) => {
                let at: usize = key.parse().expect("an index");
                if value.is_null() {
                    items.remove(at);
                } else {
                    items[at] = value;
                }
            }
            other => panic!("{pointer} leads through {other}"),
        }
    }
}

impl Workload<'_> {
    /// Containers, those that come first included, by name.
    pub(super) fn containers(&self) -> impl Iterator<Item = (&str, &Value)> {
        ["initContainers", "containers"]
            .into_iter()
            .filter_map(|list| self.pod[list].as_array())
            .flatten()
            .map(|container| (text(&container["name"]), container))
    }

    /// Where a port of that name is, of any container.
    pub(super) fn port(&self, name: &str) -> Option<u64> {
        self.containers()
            .flat_map(|(_, container)| container["ports"].as_array().into_iter().flatten())
            .find(|port| port["name"] == name)?["containerPort"]
            .as_u64()
    }

    /// What it is in Fanfare.
    pub(super) fn component(&self) -> &str {
        text(&self.labels["app.kubernetes.io/component"])
    }
}

/// A copy of `k8s/`, to be changed.
pub(super) fn copy() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let copied = Command::new("cp")
        .arg("-r")
        .arg(root().join("k8s"))
        .arg(folder.path())
        .status();
    assert!(copied.is_ok_and(|status| status.success()), "cp failed");
    folder
}

/// What `kubectl kustomize` prints.
pub(super) fn kustomize(folder: &Path) -> String {
    let kubectl = root().join("target/kubectl");
    assert!(
        kubectl.exists(),
        "kubectl is not installed: run `make tools`"
    );
    let output = Command::new(kubectl)
        .arg("kustomize")
        .arg(folder)
        .output()
        .expect("kubectl starts");
    assert!(
        output.status.success(),
        "{}: {}",
        folder.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("YAML is text")
}

/// A text, empty if it is none.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A list, empty if it is none.
pub(super) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Whether all pairs of the first are in the second.
pub(super) fn within(selector: &Value, labels: &Value) -> bool {
    selector
        .as_object()
        .is_some_and(|pairs| pairs.iter().all(|(key, value)| labels[key] == *value))
}

fn is_named(full: &str, name: &str) -> bool {
    const HASH: usize = 10;
    full == name
        || full.strip_prefix(name).is_some_and(|rest| {
            rest.len() == HASH + 1
                && rest.starts_with('-')
                && rest[1..].chars().all(|c| c.is_ascii_alphanumeric())
        })
}

/// Everything that can be applied passes this check.
#[track_caller]
pub(super) fn passes(check: impl Fn(&Manifests) -> Vec<String>) {
    let wrong: Vec<_> = Manifests::every()
        .iter()
        .flat_map(|manifests| {
            check(manifests)
                .into_iter()
                .map(|fault| format!("{}: {fault}", manifests.name))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A breakage: where it is, what is put there, and a part of what must be said.
pub(super) type Breakage = (
    &'static str,
    &'static str,
    &'static str,
    Value,
    &'static str,
);

/// The check says so when these are broken, one at a time.
#[track_caller]
pub(super) fn notices(
    check: impl Fn(&Manifests) -> Vec<String>,
    breakages: impl IntoIterator<Item = Breakage>,
) {
    let whole = kustomize(&root().join("k8s"));
    for (kind, name, pointer, value, said) in breakages {
        let mut manifests = Manifests::parse("k8s", &whole);
        manifests.put(kind, name, pointer, value.clone());
        let faults = check(&manifests);
        assert!(
            faults.iter().any(|fault| fault.contains(said)),
            "{kind} {name} {pointer} = {value}: `{said}` is not said, but {faults:?}"
        );
    }
}
