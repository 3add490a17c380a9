//! The images.

use std::collections::BTreeMap;

use super::{Compose, restrictions::pinned};
use crate::tidy::{read, root};

fn text() -> String {
    read(&root().join("deploy/docker/Dockerfile"))
}

/// Each stage: its name, what it is made from, and its instructions.
fn stages(text: &str) -> BTreeMap<String, (String, Vec<String>)> {
    let text = text.replace("\\\n", " ");
    let mut stages = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines().map(str::trim) {
        let words: Vec<_> = line.split_whitespace().collect();
        match words.as_slice() {
            ["FROM", base, "AS", stage] => {
                (*stage).clone_into(&mut name);
                stages.insert(name.clone(), ((*base).to_owned(), Vec::new()));
            }
            [] => {}
            [word, ..] if word.starts_with('#') => {}
            _ => {
                if let Some((_, instructions)) = stages.get_mut(&name) {
                    instructions.push(line.to_owned());
                }
            }
        }
    }
    stages
}

/// The arguments in front of the first stage, with their defaults.
fn bases(text: &str) -> BTreeMap<&str, &str> {
    text.lines()
        .take_while(|line| !line.starts_with("FROM"))
        .filter_map(|line| line.strip_prefix("ARG ")?.split_once('='))
        .collect()
}

#[test]
fn every_image_runs_as_nobody_in_particular_and_checks_itself_without_a_shell() {
    let text = text();
    let stages = stages(&text);
    for program in ["gateway", "web", "simulator", "fanfare"] {
        let (base, instructions) = &stages[program];
        assert_eq!(base, "runtime");
        let has = |wanted: &str| instructions.iter().any(|line| line.contains(wanted));
        assert!(
            has(&format!("CMD [\"/usr/local/bin/{program}\", \"health\"]")),
            "{program}"
        );
        assert!(
            has(&format!("ENTRYPOINT [\"/usr/local/bin/{program}\"]")),
            "{program}"
        );
        assert!(has("HEALTHCHECK --interval="), "{program}");
        assert!(has("org.opencontainers.image.title="), "{program}");
        let copied = instructions
            .iter()
            .filter(|line| line.starts_with("COPY"))
            .count();
        assert_eq!(
            copied, 1,
            "{program}: nothing but the program is in its image"
        );
        let run = instructions.iter().any(|line| line.starts_with("RUN"));
        assert!(!run, "{program}: its base has no shell");
    }
    for stage in ["runtime", "tls"] {
        let (_, instructions) = &stages[stage];
        assert!(
            instructions.iter().any(|line| line == "USER 65532:65532"),
            "{stage}"
        );
    }
}

#[test]
fn it_needs_nothing_that_the_builder_of_docker_20_10_lacks() {
    let text = text();
    for word in ["# syntax=", "--mount", "x86_64", "amd64", "TARGET", "<<"] {
        assert!(!text.contains(word), "{word}");
    }
    for line in text.lines().filter(|line| line.starts_with("COPY ")) {
        let flags: Vec<_> = line
            .split_whitespace()
            .filter(|word| word.starts_with("--") && !word.starts_with("--from="))
            .collect();
        assert!(flags.is_empty(), "{line}");
    }
}

#[test]
fn bases_are_arguments_with_versions_and_compose_names_the_same() {
    let text = text();
    let bases = bases(&text);
    for (base, _) in stages(&text).values() {
        let own = stages(&text).contains_key(base);
        let argument = base
            .strip_prefix("${")
            .and_then(|base| base.strip_suffix('}'));
        assert!(
            own || argument.is_some_and(|name| bases.contains_key(name)),
            "{base}"
        );
    }
    for (name, image) in &bases {
        // It has no versions; its tag names Debian's.
        assert!(
            pinned(image) || *image == "gcr.io/distroless/cc-debian12:nonroot",
            "{name}={image}"
        );
    }
    let compose = Compose::read();
    for service in ["gateway", "web", "simulator", "tls"] {
        let build = &compose.service(service)["build"];
        assert_eq!(build["target"], service);
        let told: BTreeMap<_, _> = build["args"]
            .as_mapping()
            .expect("arguments are a table")
            .iter()
            .filter_map(|(name, value)| Some((name.as_str()?, value.as_str()?)))
            .collect();
        assert_eq!(told, bases, "{service}");
    }
}

#[test]
fn images_have_the_version_of_the_workspace() {
    let manifest = read(&root().join("Cargo.toml"));
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("version = "))
        .expect("the workspace has a version")
        .trim_matches('"');
    assert!(text().contains(&format!("\nARG VERSION={version}\n")));
    let compose = Compose::read();
    for service in ["gateway", "web", "simulator", "tls"] {
        let image = compose.service(service)["image"]
            .as_str()
            .unwrap_or_default();
        assert_eq!(image, format!("fanfare-{service}:{version}"));
    }
}

#[test]
fn the_builder_gets_what_it_needs_and_no_secret() {
    let ignored = read(&root().join(".dockerignore"));
    let rules: Vec<_> = ignored
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    assert_eq!(rules.first(), Some(&"*"), "what is not named stays out");
    assert_eq!(
        rules
            .iter()
            .filter(|rule| rule.starts_with('!'))
            .copied()
            .collect::<Vec<_>>(),
        [
            "!Cargo.toml",
            "!Cargo.lock",
            "!libs",
            "!services",
            "!deploy/caddy"
        ]
    );
    for rule in ["**/.env", "**/node_modules", "**/target", "**/dist"] {
        assert!(rules.contains(&rule), "{rule}");
    }
}
