//! The program as its users meet it; what it does when it runs is told by the end-to-end stories.

use std::process::{Command, Output};

fn fanfare(args: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fanfare"));
    command
        .args(args)
        .env_clear()
        .envs(env.iter().copied())
        .output()
        .expect("fanfare starts")
}

fn text(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!(
        "{}{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    )
}

#[test]
fn a_run_needs_three_variables_and_names_them_all() {
    let output = fanfare(&["run"], &[("MEMBERSHIP_TTL_SECONDS", "soon")]);
    let told = text(&output);
    assert_eq!(output.status.code(), Some(78), "{told}");
    let needed = [
        "DISCORD_BOT_TOKEN",
        "DISCORD_CLIENT_ID",
        "DISCORD_CLIENT_SECRET",
        "MEMBERSHIP_TTL_SECONDS",
    ];
    for name in needed {
        assert!(told.contains(name), "{name} is not named:\n{told}");
    }
    assert!(
        told.starts_with("fanfare: 4 problems"),
        "nothing else is needed:\n{told}"
    );
}

#[test]
fn a_check_of_an_unreachable_discord_says_what_to_do() {
    let env = [
        ("DISCORD_BOT_TOKEN", "a-token-that-is-never-shown"),
        ("DISCORD_CLIENT_ID", "1000000000000000001"),
        ("DISCORD_CLIENT_SECRET", "a-secret-that-is-never-shown"),
        ("DISCORD_API_URL", "http://127.0.0.1:1/api/v10"),
        ("DISCORD_CLIENT_SECRETT", "x"),
    ];
    let output = fanfare(&["check"], &env);
    let told = text(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("ok    the configuration is complete"),
        "{told}"
    );
    assert!(
        told.contains("FAIL") && told.contains("DISCORD_API_URL"),
        "{told}"
    );
    assert!(told.contains("DISCORD_CLIENT_SECRETT is set"), "{told}");
    assert!(!told.contains("never-shown"), "{told}");
}

#[test]
fn the_demo_ignores_a_real_discord_in_its_environment() {
    let output = fanfare(
        &["demo"],
        &[("PORT", "70000"), ("DISCORD_API_URL", "not an address")],
    );
    let told = text(&output);
    assert_eq!(output.status.code(), Some(78), "{told}");
    assert!(
        told.contains("PORT") && !told.contains("DISCORD_API_URL"),
        "{told}"
    );
}
