use std::collections::BTreeSet;

use serde_json::Value;

use super::document;

/// What people's browsers load: no part of the interface.
const PAGES: [&str; 4] = ["/", "/join/{*token}", "/operations", "/{*path}"];

/// Where functions are looked for that there are not.
const NO_FUNCTION: &str = "/api/rpc/{*function}";

fn json() -> Value {
    serde_json::to_value(document("fanfare")).unwrap()
}

fn described() -> BTreeSet<(String, String)> {
    let document = json();
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys();
        methods.map(|method| (method.clone(), path.clone()))
    });
    operations.collect()
}

/// What the table of contents serves, read from its text: axum does not tell.
fn served() -> BTreeSet<(String, String)> {
    let source = include_str!("../router.rs");
    let mut served = BTreeSet::new();
    for route in source.split(".route(").skip(1) {
        let path = route.split('"').nth(1).unwrap();
        let rest = route.split(".layer(").next().unwrap();
        for method in ["get", "head", "post", "put", "patch", "delete", "any"] {
            let named = |before: &str| rest.contains(&format!("{before}{method}("));
            if (named(" ") || named(".")) && !PAGES.contains(&path) && path != NO_FUNCTION {
                served.insert((method.to_owned(), path.to_owned()));
            }
        }
    }
    served
}

#[test]
fn every_route_is_described_and_every_description_is_a_route() {
    let (described, served) = (described(), served());
    assert!(served.len() > 15, "{served:?}");
    let missing: Vec<_> = served.difference(&described).collect();
    let gone: Vec<_> = described.difference(&served).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "not described: {missing:?}; not served: {gone:?}"
    );
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_referred_to() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    found.insert(reference.clone());
                }
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = json();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let known: BTreeSet<_> = schemas
        .keys()
        .map(|name| format!("#/components/schemas/{name}"))
        .collect();
    assert_eq!(found, known);
}

#[test]
fn every_operation_has_a_name_of_its_own_and_says_how_it_fails() {
    let document = json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} stands twice");
            let answers = operation["responses"].as_object().unwrap();
            assert!(
                answers.keys().any(|status| status.as_str() < "400"),
                "{path}"
            );
            let failures = answers
                .iter()
                .filter(|(status, _)| status.as_str() >= "400");
            for (status, answer) in failures {
                let kinds = answer["content"].as_object().unwrap();
                let problem = kinds.contains_key("application/problem+json");
                let pages = ["/auth/login", "/auth/callback", "/api/ready"];
                let page = pages.contains(&path.as_str());
                assert!(problem || page, "{method} {path} {status}");
            }
            if operation.get("security").is_some() {
                assert!(answers.contains_key("401"), "{method} {path}");
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let in_path =
                    path.contains(&format!("{{{}}}", parameter["name"].as_str().unwrap()));
                assert_eq!(in_path, parameter["in"] == "path", "{path}");
                assert_eq!(in_path, parameter["required"] == true, "{path}");
            }
            if path.starts_with("/api/rpc/") {
                for status in ["400", "401", "403", "413", "415", "429", "503"] {
                    assert!(answers.contains_key(status), "{path} {status}");
                }
                assert!(answers["429"]["headers"].get("retry-after").is_some());
                let content = &operation["requestBody"]["content"];
                assert_eq!(content.as_object().unwrap().len(), 1, "JSON alone");
            }
        }
    }
}
