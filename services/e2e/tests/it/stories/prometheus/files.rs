//! What `deploy/prometheus` and `deploy/grafana` hold, and what holds of it without anything running.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::server::promtool;

/// A recording or alert rule.
pub(super) struct Rule {
    /// What it records, or the alert's name.
    pub(super) name: String,
    pub(super) expr: String,
    alert: bool,
    annotations: BTreeMap<String, String>,
    severity: String,
}

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy")
}

/// The folder of Prometheus' files.
pub(super) fn prometheus() -> PathBuf {
    let folder = deploy().join("prometheus");
    folder.canonicalize().expect("there is deploy/prometheus")
}

/// The YAML files of a folder.
fn yaml_in(folder: &str) -> Vec<(String, Value)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(prometheus().join(folder)).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        let text = fs::read_to_string(&path).expect("it is text");
        let name = path.file_name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        let parsed =
            serde_norway::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        files.push((name, parsed));
    }
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    files
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().trim().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// All rules.
pub(super) fn rules() -> Vec<Rule> {
    let mut rules = Vec::new();
    for (_, file) in yaml_in("rules") {
        for rule in list(&file["groups"])
            .iter()
            .flat_map(|group| list(&group["rules"]))
        {
            let alert = rule["alert"].is_string();
            let annotations = rule["annotations"].as_object().into_iter().flatten();
            rules.push(Rule {
                name: text(&rule[if alert { "alert" } else { "record" }]),
                expr: text(&rule["expr"]),
                alert,
                annotations: annotations
                    .map(|(name, value)| (name.clone(), text(value)))
                    .collect(),
                severity: text(&rule["labels"]["severity"]),
            });
        }
    }
    rules
}

/// The names of the jobs that Prometheus scrapes.
pub(super) fn jobs() -> Vec<String> {
    let file = fs::read_to_string(prometheus().join("prometheus.yml")).expect("it is there");
    let config: Value = serde_norway::from_str(&file).expect("it is YAML");
    list(&config["scrape_configs"])
        .iter()
        .map(|job| text(&job["job_name"]))
        .collect()
}

/// The metrics that an expression names: words that belong to us, to processes, or to rules. What a scrape says of itself (`up`)
/// is Prometheus' own.
pub(super) fn metrics_of(expr: &str) -> BTreeSet<String> {
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':');
    expr.split(word)
        .filter(|word| {
            word.starts_with("fanfare_")
                || word.starts_with("fanfare:")
                || word.starts_with("process_")
        })
        .map(str::to_owned)
        .collect()
}

fn dashboard() -> Value {
    let file = deploy().join("grafana/dashboards/fanfare.json");
    let text = fs::read_to_string(file).expect("the dashboard is there");
    serde_json::from_str(&text).expect("it is JSON")
}

/// The queries of the dashboard, each with its panel's title.
pub(super) fn dashboard_queries() -> Vec<(String, String)> {
    let dashboard = dashboard();
    let mut queries = Vec::new();
    for panel in list(&dashboard["panels"]) {
        for target in list(&panel["targets"]) {
            queries.push((text(&panel["title"]), text(&target["expr"])));
        }
    }
    queries
}

#[test]
fn the_rules_are_sound_and_every_alert_fires_where_it_should() {
    for check in [
        &["check", "config", "prometheus.yml"][..],
        &["test", "rules", "tests/alerts.yml", "tests/slo.yml"],
    ] {
        let said = promtool(check, None);
        assert!(
            said.is_ok(),
            "promtool {check:?}: {}",
            said.unwrap_or_else(|error| error)
        );
    }
    // Of each alert one test expects that it fires, and one that it does not.
    let mut seen = BTreeSet::new();
    for (_, file) in yaml_in("tests") {
        for test in list(&file["tests"])
            .iter()
            .flat_map(|test| list(&test["promql_expr_test"]))
        {
            let fires = !list(&test["exp_samples"]).is_empty();
            seen.insert((text(&test["expr"]), fires));
        }
    }
    for rule in rules().iter().filter(|rule| rule.alert) {
        for fires in [true, false] {
            let asked = format!(
                "count(ALERTS{{alertname=\"{}\", alertstate=\"firing\"}})",
                rule.name
            );
            assert!(
                seen.contains(&(asked, fires)),
                "no test: {} fires: {fires}",
                rule.name
            );
        }
    }
}

#[test]
fn every_alert_says_what_is_wrong_and_what_to_do() {
    let runbook = fs::read_to_string(prometheus().join("RUNBOOK.md")).expect("it is there");
    let chapters: BTreeSet<_> = runbook
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(str::to_lowercase)
        .collect();
    let mut linked = BTreeSet::new();
    for rule in rules().iter().filter(|rule| rule.alert) {
        let of = |name: &str| rule.annotations.get(name).cloned().unwrap_or_default();
        assert!(
            of("summary").len() > 10 && of("description").len() > 20,
            "{}",
            rule.name
        );
        let severities = ["critical", "warning", "info"];
        assert!(
            severities.contains(&rule.severity.as_str()),
            "{}",
            rule.name
        );
        let link = of("runbook");
        let chapter = link
            .strip_prefix("deploy/prometheus/RUNBOOK.md#")
            .unwrap_or_default();
        assert!(
            chapters.contains(chapter),
            "{}: no chapter `{link}`",
            rule.name
        );
        linked.insert(chapter.to_owned());
    }
    assert_eq!(linked, chapters, "each chapter is some alert's");
}

#[test]
fn the_dashboard_asks_the_chosen_source_and_every_panel_says_what_it_shows() {
    let dashboard = dashboard();
    let mut ids = BTreeSet::new();
    for panel in list(&dashboard["panels"]) {
        assert!(
            ids.insert(panel["id"].as_u64()),
            "an id twice: {}",
            panel["id"]
        );
        if panel["type"] == "row" {
            continue;
        }
        assert!(text(&panel["description"]).len() > 4, "{}", panel["title"]);
        assert_eq!(
            panel["datasource"]["uid"], "${datasource}",
            "{}",
            panel["title"]
        );
        assert!(!list(&panel["targets"]).is_empty(), "{}", panel["title"]);
    }
    let variables = list(&dashboard["templating"]["list"]);
    let names: Vec<_> = variables
        .iter()
        .map(|variable| text(&variable["name"]))
        .collect();
    assert_eq!(names, ["datasource", "replica"]);
}
