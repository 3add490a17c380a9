//! Every variable of the programs reaches them, and `.env.example` has all of them.

use std::collections::BTreeSet;

use super::{Compose, interpolated};
use crate::{
    process::Process,
    tidy::{read, root},
};

/// What docker-compose.yml decides: ports and addresses inside of it, and which parts are used.
const DECIDED: &[&str] = &[
    "BIND",
    "EVENT_BUS",
    "GATEWAY_REGISTRY",
    "GATEWAY_WS_PORT",
    "GATEWAY_WS_URL",
    "LINK_ADVERTISE_URL",
    "METRICS_PORT",
    "PORT",
    "REDIS_HOST",
    "REDIS_PASSWORD",
    "REDIS_PORT",
    "SIM_PORT",
];

/// What the simulator is not told: it takes whatever token and application come.
const ANY: &[&str] = &[
    "DISCORD_BOT_TOKEN",
    "DISCORD_CLIENT_ID",
    "DISCORD_CLIENT_SECRET",
];

/// What only Compose itself reads.
const OF_COMPOSE: &[&str] = &["COMPOSE_PROFILES"];

/// The variables that a program names in its `--help`.
fn variables(program: &'static str) -> BTreeSet<String> {
    let mut help = Process::start(program, &["--help"], &[]);
    assert!(help.wait().success());
    let output = help.output();
    let is_name = |word: &&str| {
        word.len() > 2
            && word.starts_with(|c: char| c.is_ascii_uppercase())
            && word
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    let names: BTreeSet<_> = output
        .lines()
        .filter(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(is_name)
        .map(str::to_owned)
        .collect();
    assert!(names.contains("RUST_LOG"), "{program}: {output}");
    names
}

/// What gateway and web are told of the Discord of that name.
fn told(discord: &str) -> BTreeSet<String> {
    let path = root().join(format!("deploy/docker/discord/{discord}.yml"));
    let compose = Compose::parse(&read(&path));
    let environment = compose.service("discord")["environment"].as_mapping();
    let names = environment.into_iter().flat_map(|names| names.keys());
    names
        .map(|name| name.as_str().expect("a name is text").to_owned())
        .collect()
}

/// The names in `.env.example`, those behind a `# ` too.
fn example() -> BTreeSet<String> {
    let is_name = |name: &&str| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    read(&root().join(".env.example"))
        .lines()
        .map(|line| line.strip_prefix("# ").unwrap_or(line))
        .filter_map(|line| Some(line.split_once('=')?.0))
        .filter(is_name)
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_variable_reaches_the_service_that_reads_it() {
    let compose = Compose::read();
    for program in ["gateway", "web", "simulator"] {
        let service = compose.service(program);
        let set: BTreeSet<_> = service["environment"]
            .as_mapping()
            .expect("an environment is a table")
            .keys()
            .map(|name| name.as_str().expect("a name is text").to_owned())
            .collect();
        let real = told("real");
        let known = variables(program);
        let missing: Vec<_> = known
            .iter()
            .filter(|name| !DECIDED.contains(&name.as_str()))
            .filter(|name| {
                let own = set.contains(*name) || set.contains(&format!("{name}_FILE"));
                let by_file = program != "simulator"
                    && (real.contains(*name) || real.contains(&format!("{name}_FILE")));
                let any = program == "simulator"
                    && (ANY.contains(&name.as_str()) || name.starts_with("OTEL_"));
                !(own || by_file || any)
            })
            .collect();
        assert!(missing.is_empty(), "{program} is not told {missing:?}");
        let unknown: Vec<_> = set
            .iter()
            .filter(|name| !known.contains(name.trim_end_matches("_FILE")))
            .collect();
        assert!(unknown.is_empty(), "{program} does not read {unknown:?}");
    }
}

#[test]
fn the_example_has_every_variable_and_no_other() {
    let example = example();
    let mut read: BTreeSet<_> = ["gateway", "web", "simulator"]
        .into_iter()
        .flat_map(variables)
        .collect();
    let missing: Vec<_> = read
        .iter()
        .filter(|name| !example.contains(*name))
        .collect();
    assert!(missing.is_empty(), ".env.example does not have {missing:?}");
    let interpolated = interpolated();
    let missing: Vec<_> = interpolated.difference(&example).collect();
    assert!(missing.is_empty(), ".env.example does not have {missing:?}");
    read.extend(interpolated);
    let nobody: Vec<_> = example
        .iter()
        .filter(|name| !read.contains(*name) && !OF_COMPOSE.contains(&name.as_str()))
        .collect();
    assert!(nobody.is_empty(), "nobody reads {nobody:?}");
}

#[test]
fn what_the_example_shows_as_default_is_the_default() {
    let compose = super::text();
    let example = read(&root().join(".env.example"));
    for line in example.lines() {
        let Some((name, value)) = line
            .strip_prefix("# ")
            .and_then(|line| line.split_once('='))
        else {
            continue;
        };
        let Some((_, rest)) = compose.split_once(&format!("${{{name}:-")) else {
            continue;
        };
        let default = rest.split_once('}').expect("every ${ has its }").0;
        let own = default.is_empty() || default.ends_with("/unset") || default == "localhost";
        assert!(own || value == default, "{name}: {value} or {default}?");
    }
}

#[test]
fn both_discords_say_what_both_programs_need() {
    for file in ["simulator", "real"] {
        let told = told(file);
        for name in [
            "DISCORD_API_URL",
            "DISCORD_AUTHORIZE_URL",
            "DISCORD_CDN_URL",
            "DISCORD_CLIENT_ID",
            "DISCORD_INTENTS",
            "DISCORD_BOT_TOKEN_FILE",
            "DISCORD_CLIENT_SECRET_FILE",
        ] {
            assert!(told.contains(name), "{file}.yml does not tell {name}");
        }
    }
}

#[test]
fn another_file_for_a_secret_makes_its_readers_anew() {
    let text = super::text();
    let label = text
        .lines()
        .find(|line| line.starts_with("  fanfare.files: "))
        .expect("there is a label with the files");
    let compose = Compose::read();
    let secrets = compose.document["secrets"]
        .as_mapping()
        .expect("secrets are a table");
    for name in secrets.keys() {
        let name = name.as_str().expect("a name is text").to_uppercase();
        assert!(label.contains(&format!("${{{name}_FILE:-")), "{name}");
    }
    let readers: Vec<_> = compose
        .services()
        .into_iter()
        .filter(|(_, service)| !super::strings(&service["secrets"]).is_empty())
        .collect();
    assert!(readers.len() >= 3, "{readers:?}");
    for (name, service) in readers {
        assert!(service["labels"]["fanfare.files"].is_string(), "{name}");
    }
}
