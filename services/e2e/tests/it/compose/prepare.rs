//! The script that runs before the services do.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;

use crate::tidy::root;

/// Every secret that it makes.
const MADE: &[&str] = &[
    "session_secret",
    "link_token",
    "simulated",
    "grafana_password",
    "postgres_password",
];

/// Runs it with these two folders; a simulator is waited for one second.
fn prepare(secrets: &Path, given: &Path, discord: &str) -> Output {
    Command::new("/bin/sh")
        .arg(root().join("deploy/docker/prepare.sh"))
        .env("SECRETS", secrets)
        .env("GIVEN", given)
        .env("PATIENCE", "1")
        .env("DISCORD", discord)
        .output()
        .expect("the shell runs")
}

fn folders() -> (TempDir, TempDir) {
    let folder = || TempDir::new().expect("a temporary folder");
    (folder(), folder())
}

fn contents(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn secrets_are_made_once_and_are_long_and_all_different() {
    let (secrets, given) = folders();
    let output = prepare(secrets.path(), given.path(), "real");
    assert!(output.status.success(), "{output:?}");
    let first: Vec<_> = MADE
        .iter()
        .map(|name| contents(secrets.path(), name))
        .collect();
    for (at, secret) in first.iter().enumerate() {
        assert_eq!(secret.len(), 64, "{}", MADE[at]);
        assert!(!first[..at].contains(secret), "{}", MADE[at]);
        let told = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        assert!(!String::from_utf8_lossy(&told).contains(secret.as_str()));
    }
    assert_eq!(
        contents(secrets.path(), "database_url"),
        format!(
            "postgres://fanfare:{}@postgres/fanfare",
            contents(secrets.path(), "postgres_password")
        )
    );
    assert!(
        prepare(secrets.path(), given.path(), "real")
            .status
            .success()
    );
    let second: Vec<_> = MADE
        .iter()
        .map(|name| contents(secrets.path(), name))
        .collect();
    assert_eq!(first, second, "the second start keeps them");
}

#[test]
fn others_can_read_them_and_nobody_can_change_them() {
    let (secrets, given) = folders();
    prepare(secrets.path(), given.path(), "real");
    for name in MADE.iter().chain(&["database_url"]) {
        let metadata = fs::metadata(secrets.path().join(name)).expect("it is there");
        assert_eq!(metadata.permissions().mode() & 0o777, 0o444, "{name}");
    }
}

#[test]
fn what_was_given_takes_the_place_of_what_was_made() {
    let (secrets, given) = folders();
    prepare(secrets.path(), given.path(), "real");
    fs::write(given.path().join("link_token"), "of-my-own").expect("it can be written");
    fs::write(given.path().join("session_secret"), "").expect("it can be written");
    let made = contents(secrets.path(), "session_secret");
    assert!(
        prepare(secrets.path(), given.path(), "real")
            .status
            .success()
    );
    assert_eq!(contents(secrets.path(), "link_token"), "of-my-own");
    assert_eq!(contents(secrets.path(), "session_secret"), made);
}

#[test]
fn without_a_discord_it_says_what_to_do() {
    let (secrets, given) = folders();
    let output = prepare(secrets.path(), given.path(), "simulator");
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("cp .env.example .env"), "{told}");
    assert!(told.contains("--profile simulator up"), "{told}");
}
