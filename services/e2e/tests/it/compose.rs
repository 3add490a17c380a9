//! What deploys Fanfare on one machine: docker-compose.yml, the Dockerfile, `.env.example` and what they mount. No Docker engine is needed.

mod balancer;
mod dockerfile;
mod prepare;
mod restrictions;
mod variables;

use std::collections::BTreeSet;

use serde_norway::Value;

use crate::tidy::{read, root};

/// The services, with what they share merged in and each variable standing for its default.
struct Compose {
    document: Value,
}

impl Compose {
    fn read() -> Self {
        Self::parse(&text())
    }

    fn parse(text: &str) -> Self {
        let mut document: Value =
            serde_norway::from_str(&interpolate(text)).expect("docker-compose.yml is YAML");
        // What is merged in may have merges of its own.
        while contains_merge(&document) {
            document.apply_merge().expect("every merge finds its part");
        }
        Self { document }
    }

    /// Every service: its name and what is said of it.
    fn services(&self) -> Vec<(&str, &Value)> {
        let services = self.document["services"]
            .as_mapping()
            .expect("there are services");
        services
            .iter()
            .map(|(name, service)| (name.as_str().expect("a name is text"), service))
            .collect()
    }

    fn service(&self, name: &str) -> &Value {
        &self.document["services"][name]
    }

    fn networks(&self, service: &str) -> BTreeSet<String> {
        strings(&self.service(service)["networks"])
            .into_iter()
            .collect()
    }
}

/// Whether a `<<` is left anywhere in it.
fn contains_merge(value: &Value) -> bool {
    let mapping = value.as_mapping();
    mapping
        .is_some_and(|mapping| mapping.contains_key("<<") || mapping.values().any(contains_merge))
}

/// docker-compose.yml as it stands.
fn text() -> String {
    read(&root().join("docker-compose.yml"))
}

/// The list of texts that a value is; none if it is not there.
fn strings(value: &Value) -> Vec<String> {
    value
        .as_sequence()
        .into_iter()
        .flatten()
        .map(|item| item.as_str().expect("an item is text").to_owned())
        .collect()
}

/// Puts the default in the place of each `${NAME:-default}`.
fn interpolate(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (variable, next) = after.split_once('}').expect("every ${ has its }");
        let (_, default) = variable
            .split_once(":-")
            .unwrap_or_else(|| panic!("{variable} has no default, so nothing works without .env"));
        out.push_str(before);
        out.push_str(default);
        rest = next;
    }
    out + rest
}

/// The names of the variables that docker-compose.yml takes from `.env`.
fn interpolated() -> BTreeSet<String> {
    text()
        .split("${")
        .skip(1)
        .filter_map(|part| Some(part.split_once(":-")?.0.to_owned()))
        .collect()
}
