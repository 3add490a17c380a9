//! The shape of the workspace, as tests: ARCHITECTURE.md's arrows and the house rules.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Whom each crate may use (dev-dependencies aside). A crate or arrow that is not here is an error.
const ARROWS: &[(&str, &[&str])] = &[
    ("contracts", &[]),
    ("environment", &[]),
    ("lifecycle", &[]),
    ("telemetry", &["environment"]),
    ("program", &["environment", "telemetry"]),
    ("redis-link", &["environment"]),
    ("discord", &["contracts", "environment"]),
    ("permissions", &["contracts"]),
    ("link", &["contracts", "environment"]),
    (
        "limits",
        &["contracts", "environment", "link", "redis-link"],
    ),
    ("room-book", &["contracts", "environment", "redis-link"]),
    (
        "event-bus",
        &["contracts", "environment", "link", "redis-link"],
    ),
    (
        "gateway-registry",
        &["contracts", "environment", "redis-link"],
    ),
    ("session-store", &["environment", "redis-link"]),
    (
        "gateway",
        &[
            "contracts",
            "discord",
            "environment",
            "event-bus",
            "gateway-registry",
            "lifecycle",
            "limits",
            "link",
            "permissions",
            "program",
            "redis-link",
            "room-book",
            "telemetry",
        ],
    ),
    (
        "web",
        &[
            "contracts",
            "environment",
            "event-bus",
            "gateway-registry",
            "lifecycle",
            "limits",
            "link",
            "permissions",
            "program",
            "redis-link",
            "session-store",
            "telemetry",
        ],
    ),
    (
        "simulator",
        &["environment", "lifecycle", "program", "telemetry"],
    ),
    ("loadtest", &["contracts", "program"]),
    ("chaos", &["lifecycle", "redis-link"]),
    (
        "fanfare",
        &[
            "environment",
            "event-bus",
            "gateway",
            "gateway-registry",
            "lifecycle",
            "limits",
            "link",
            "room-book",
            "session-store",
            "program",
            "simulator",
            "telemetry",
            "web",
        ],
    ),
    ("e2e", &[]),
];

/// Who may use a crate from outside (dev-dependencies aside): one place for each technology.
const OWNERS: &[(&str, &[&str])] = &[
    (
        "fred",
        &[
            "redis-link",
            "event-bus",
            "gateway-registry",
            "limits",
            "room-book",
            "session-store",
        ],
    ),
    ("axum", &["gateway", "web", "simulator", "telemetry"]),
    ("tower-sessions", &["session-store", "web"]),
    ("tower-sessions-redis-store", &["session-store"]),
    ("tokio-tungstenite", &["discord", "link"]),
    ("sqlx", &["session-store"]),
    ("jsonwebtoken", &["web"]),
    ("utoipa", &["contracts", "web"]),
    ("twilight-http", &["discord"]),
    ("tracing-subscriber", &["telemetry", "loadtest"]),
    ("opentelemetry", &["telemetry"]),
    ("ts-rs", &["contracts"]),
];

/// The top level, fixed; tool files stand behind dots.
const TOP_LEVEL: &[&str] = &[
    "ARCHITECTURE.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "Makefile",
    "README.md",
    "deploy",
    "docker-compose.yml",
    "k8s",
    "libs",
    "services",
    "target",
];

const LONGEST_FILE: usize = 400;
const LONGEST_MAIN: usize = 40;

#[test]
fn every_arrow_between_crates_is_in_the_table() {
    let arrows: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let metadata = metadata();
    let ours: BTreeSet<_> = metadata
        .workspace_packages()
        .iter()
        .map(|package| package.name.to_string())
        .collect();
    let mut wrong = Vec::new();
    for package in metadata.workspace_packages() {
        let Some(allowed) = arrows.get(package.name.as_str()) else {
            wrong.push(format!("{} is not in the table", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            let grown = dependency.kind != DependencyKind::Development;
            if grown
                && ours.contains(&dependency.name)
                && !allowed.contains(&dependency.name.as_str())
            {
                wrong.push(format!("{} -> {}", package.name, dependency.name));
            }
            let library = package.manifest_path.as_str().contains("/libs/");
            if !grown && library && is_service(&metadata, &dependency.name) {
                wrong.push(format!(
                    "{} -> {} (a library's tests may not use a service)",
                    package.name, dependency.name
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "arrows that nobody agreed to:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn each_technology_has_its_place() {
    let owners: BTreeMap<_, _> = OWNERS.iter().copied().collect();
    let mut wrong = Vec::new();
    for package in metadata().workspace_packages() {
        for dependency in &package.dependencies {
            let grown = dependency.kind != DependencyKind::Development;
            if let Some(allowed) = owners.get(dependency.name.as_str())
                && grown
                && !allowed.contains(&package.name.as_str())
            {
                wrong.push(format!("{} uses {}", package.name, dependency.name));
            }
        }
    }
    assert!(wrong.is_empty(), "out of place:\n{}", wrong.join("\n"));
}

#[test]
fn files_are_short_and_named_for_what_they_are() {
    let mut wrong = Vec::new();
    for path in sources(&["rs"]) {
        let lines = read(&path).lines().count();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if lines > LONGEST_FILE {
            wrong.push(format!("{} has {lines} lines", path.display()));
        }
        if name == "main.rs"
            && !path.components().any(|part| part.as_os_str() == "tests")
            && lines > LONGEST_MAIN
        {
            wrong.push(format!(
                "{} has {lines} lines; a main has {LONGEST_MAIN} at most",
                path.display()
            ));
        }
        let stem = name.trim_end_matches(".rs");
        if [
            "mod", "utils", "util", "common", "helpers", "helper", "misc", "manager",
        ]
        .contains(&stem)
        {
            wrong.push(format!("{} says nothing by its name", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_environment_crate_reads_the_environment() {
    let wrong = uses(
        "std::env::var",
        &["/libs/environment/", "/tests/", "/src/testing"],
    );
    assert!(
        wrong.is_empty(),
        "reads the environment by itself:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn services_spawn_their_tasks_through_the_lifecycle() {
    let wrong: Vec<_> = uses(
        "tokio::spawn(",
        &["/libs/", "/tests/", "/loadtest/", "tests.rs"],
    );
    assert!(
        wrong.is_empty(),
        "spawns a task that nobody waits for:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_crate_has_a_readme_that_is_its_documentation() {
    for package in metadata().workspace_packages() {
        let folder = package
            .manifest_path
            .parent()
            .expect("a manifest has a folder");
        assert!(
            folder.join("README.md").exists(),
            "{} has no README.md",
            package.name
        );
        let library = folder.join("src/lib.rs");
        assert!(
            !library.exists()
                || read(library.as_std_path()).contains("include_str!(\"../README.md\")"),
            "{library} does not include its README.md"
        );
    }
}

#[test]
fn the_top_level_holds_what_was_agreed() {
    let extra: Vec<_> = fs::read_dir(root())
        .expect("the workspace can be listed")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.') && !TOP_LEVEL.contains(&name.as_str()))
        .collect();
    assert!(extra.is_empty(), "not agreed: {extra:?}");
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .expect("cargo metadata answers")
}

fn is_service(metadata: &Metadata, name: &str) -> bool {
    metadata.workspace_packages().iter().any(|package| {
        package.name == name && package.manifest_path.as_str().contains("/services/")
    })
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the workspace exists")
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Lines with `text` outside of comments and of the paths that contain one of `except`.
fn uses(text: &str, except: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for path in sources(&["rs"]) {
        let shown = path.display().to_string();
        if except.iter().any(|part| shown.contains(part)) {
            continue;
        }
        let source = read(&path);
        let grown = source.split("#[cfg(test)]").next().unwrap_or_default();
        found.extend(
            grown
                .lines()
                .enumerate()
                .filter(|(_, line)| line.contains(text) && !line.trim_start().starts_with("//"))
                .map(|(number, line)| format!("{shown}:{}: {}", number + 1, line.trim())),
        );
    }
    found
}

fn sources(extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("libs"), root().join("services")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)
            .expect("a folder can be listed")
            .flatten()
        {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() {
                if name != "node_modules" && name != "target" && name != "dist" {
                    folders.push(path);
                }
            } else if path
                .extension()
                .is_some_and(|extension| extensions.iter().any(|known| extension == *known))
            {
                found.push(path);
            }
        }
    }
    found
}
