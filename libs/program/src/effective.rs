//! The command `config`: what the program was told, and by whom.

use clap::{Arg, ArgAction, ArgMatches, Command};
use environment::{Env, Setting, Variable};
use serde_json::json;

pub(crate) const NAME: &str = "config";
const JSON: &str = "json";

pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about(
            "Print the effective configuration and where each value comes from; secrets are masked",
        )
        .arg(
            Arg::new(JSON)
                .long(JSON)
                .action(ArgAction::SetTrue)
                .help("As a JSON list of name, value, secret, origin, group"),
        )
}

/// Prints every variable.
pub(crate) fn print(env: &Env, variables: &[Variable], arguments: &ArgMatches) {
    if arguments.get_flag(JSON) {
        println!("{}", as_json(env, variables));
    } else {
        print!("{}", as_lines(env, variables));
    }
}

fn as_json(env: &Env, variables: &[Variable]) -> String {
    let list: Vec<_> = variables
        .iter()
        .map(|variable| {
            let setting = env.setting(variable);
            json!({
                "name": setting.name,
                "value": setting.value,
                "secret": setting.secret,
                "origin": setting.origin.to_string(),
                "group": variable.group,
            })
        })
        .collect();
    format!("{:#}", json!(list))
}

/// `NAME=value`, aligned, with a comment; what is not set is a comment as a whole.
fn as_lines(env: &Env, variables: &[Variable]) -> String {
    let shown: Vec<(String, Setting)> = variables
        .iter()
        .map(|variable| {
            let setting = env.setting(variable);
            let pair = match &setting.value {
                Some(value) => format!("{}={value}", setting.name),
                None => format!("# {}=", setting.name),
            };
            (pair, setting)
        })
        .collect();
    let width = shown.iter().map(|(pair, _)| pair.chars().count()).max();
    let width = width.unwrap_or(0).min(WIDEST);
    let lines = shown.iter().map(|(pair, setting)| {
        let origin = &setting.origin;
        format!("{pair:width$}  # {origin}\n")
    });
    lines.collect()
}

/// Columns before the comments; longer values push theirs to the right.
const WIDEST: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    const PORT: Variable = Variable::new("PORT", "a port").or("3000");
    const TOKEN: Variable = Variable::new("TOKEN", "a token").secret();
    const GUILD: Variable = Variable::new("GUILD", "a guild");

    #[test]
    fn lines_and_json_say_the_same_and_no_secret() {
        let env = Env::from_pairs([("TOKEN", "hunter2")]);
        let all = [PORT, TOKEN, GUILD];
        let lines = as_lines(&env, &all);
        assert_eq!(
            lines,
            "PORT=3000       # default\nTOKEN=********  # environment\n# GUILD=        # not set\n"
        );
        let list: serde_json::Value = serde_json::from_str(&as_json(&env, &all)).unwrap();
        assert_eq!(list[1]["value"], "********");
        assert_eq!(list[1]["secret"], true);
        assert_eq!(list[2]["value"], serde_json::Value::Null);
        assert_eq!(list[0]["origin"], "default");
    }
}
