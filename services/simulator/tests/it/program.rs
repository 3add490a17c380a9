//! The program itself.

use std::process::{Command, Output};

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simulator"));
    command
        .args(arguments)
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

#[test]
fn help_names_every_variable() {
    let help = String::from_utf8(run(&["--help"], &[]).stdout).unwrap();
    for name in [
        "SIM_PORT",
        "SIM_SEED",
        "SIM_AUTO_APPROVE",
        "DISCORD_BOT_TOKEN",
        "--scenario",
        "check",
    ] {
        assert!(help.contains(name), "{name} is missing in {help}");
    }
    assert!(run(&["--version"], &[]).status.success());
}

#[test]
fn every_fault_of_the_configuration_is_told_at_once() {
    let wrong = [
        ("SIM_PORT", "many"),
        ("SIM_AUTO_APPROVE", "nobody"),
        ("LOG_FORMAT", "xml"),
    ];
    let output = run(&["check", "--scenario", "/nowhere"], &wrong);
    assert_eq!(output.status.code(), Some(78));
    let told = String::from_utf8(output.stderr).unwrap();
    for name in ["SIM_PORT", "SIM_AUTO_APPROVE", "LOG_FORMAT", "--scenario"] {
        assert!(told.contains(name), "{name} is missing in {told}");
    }
    assert!(
        told.contains("nelly"),
        "those who can be approved are named"
    );
}

#[test]
fn a_right_configuration_is_ok() {
    let output = run(&["check"], &[("SIM_AUTO_APPROVE", "nelly")]);
    assert!(output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("ok"));
}
