use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    str::FromStr,
    time::Duration,
};

use crate::{ConfigError, Fault, Secret, Variable};

/// The environment of one program, read variable by variable; faults are collected until [`Env::finish`].
#[derive(Debug)]
pub struct Env {
    values: BTreeMap<String, String>,
    asked: BTreeSet<&'static str>,
    faults: Vec<Fault>,
}

impl Env {
    /// The process environment.
    pub fn of_process() -> Self {
        Self::from_pairs(std::env::vars())
    }

    /// An environment made of the given pairs (tests, and programs that wire several parts together).
    pub fn from_pairs<K: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let values = pairs
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .filter(|(_, value)| !value.trim().is_empty())
            .collect();
        Self {
            values,
            asked: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    /// Sets a variable, whatever it was (programs that wire several parts together).
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.values.insert(name.to_owned(), value.into());
    }

    /// Forgets a variable.
    pub fn unset(&mut self, name: &str) {
        self.values.remove(name);
    }

    /// Whether a variable is set, by this very name.
    pub fn is_set(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Sets a variable that is not set.
    pub fn set_default(&mut self, name: &str, value: impl Into<String>) {
        self.values
            .entry(name.to_owned())
            .or_insert_with(|| value.into());
    }

    /// The value, or the variable's default.
    pub fn text(&mut self, variable: &Variable) -> Option<String> {
        self.asked.insert(variable.name);
        self.asked.extend(variable.aliases);
        self.lookup(variable)
            .or_else(|| variable.default.map(str::to_owned))
    }

    /// The value; a fault if there is none.
    pub fn required(&mut self, variable: &Variable) -> String {
        self.text(variable).unwrap_or_else(|| {
            self.fault(variable, format!("is not set: {}", variable.help));
            String::new()
        })
    }

    /// The parsed value, or the variable's default; a fault if it can't be parsed.
    pub fn parse<T: FromStr<Err: Display>>(&mut self, variable: &Variable) -> Option<T> {
        let text = self.text(variable)?;
        match text.trim().parse() {
            Ok(value) => Some(value),
            Err(error) => {
                let shown = if variable.secret {
                    "its value".to_owned()
                } else {
                    format!("`{text}`")
                };
                self.fault(
                    variable,
                    format!("{shown} is not valid ({error}): {}", variable.help),
                );
                None
            }
        }
    }

    /// The parsed value of a variable that has a default or for which `fallback` stands in after a fault.
    pub fn parse_or<T: FromStr<Err: Display>>(&mut self, variable: &Variable, fallback: T) -> T {
        self.parse(variable).unwrap_or(fallback)
    }

    /// A number of seconds.
    pub fn seconds(&mut self, variable: &Variable, fallback: Duration) -> Duration {
        self.parse::<u64>(variable)
            .map_or(fallback, Duration::from_secs)
    }

    /// Comma-separated values; empty parts are dropped.
    pub fn list<T: FromStr<Err: Display>>(&mut self, variable: &Variable) -> Vec<T> {
        let text = self.text(variable).unwrap_or_default();
        let mut values = Vec::new();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            match part.parse() {
                Ok(value) => values.push(value),
                Err(error) => self.fault(
                    variable,
                    format!("`{part}` is not valid ({error}): {}", variable.help),
                ),
            }
        }
        values
    }

    /// A secret, from `NAME` or from the file that `NAME_FILE` names.
    pub fn secret(&mut self, variable: &Variable) -> Option<Secret> {
        if let Some(value) = self.text(variable) {
            return Some(Secret::from(value));
        }
        let path = self.values.get(&format!("{}_FILE", variable.name))?;
        match std::fs::read_to_string(path) {
            Ok(text) if !text.trim().is_empty() => Some(Secret::from(text.trim())),
            Ok(_) => {
                self.fault(variable, format!("the file {path} is empty"));
                None
            }
            Err(error) => {
                self.fault(variable, format!("the file {path} can't be read: {error}"));
                None
            }
        }
    }

    /// A secret; a fault if there is none or if it is shorter than `length` characters.
    pub fn required_secret(&mut self, variable: &Variable, length: usize) -> Secret {
        let before = self.faults.len();
        let secret = self.secret(variable);
        match &secret {
            Some(secret) if secret.expose().chars().count() < length => {
                self.fault(
                    variable,
                    format!("is too short: it needs {length} characters or more"),
                );
            }
            None if self.faults.len() == before => {
                self.fault(variable, format!("is not set: {}", variable.help));
            }
            _ => {}
        }
        secret.unwrap_or_else(|| Secret::from(""))
    }

    /// Reports a fault that only the caller can see (two variables that contradict each other …).
    pub fn fault(&mut self, variable: &Variable, message: impl Into<String>) {
        let fault = Fault {
            variable: variable.name,
            message: message.into(),
        };
        // Several parts may read the same variable; what is wrong with it is said once.
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// Variables that are set, that nobody asked for, and that are nearly one of `known`: (set, meant).
    pub fn near_misses(&self, known: &[Variable]) -> Vec<(String, &'static str)> {
        let names = || {
            known
                .iter()
                .flat_map(|variable| std::iter::once(&variable.name).chain(variable.aliases))
        };
        self.values
            .keys()
            .filter(|set| {
                let stem = set.strip_suffix("_FILE").unwrap_or(set);
                !self.asked.contains(stem) && !names().any(|name| *name == stem)
            })
            .filter_map(|set| {
                let near = names().find(|name| distance(set, name) <= 1 + name.len() / 10)?;
                Some((set.clone(), *near))
            })
            .collect()
    }

    /// All faults at once, if there are any.
    pub fn finish(&self) -> Result<(), ConfigError> {
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(ConfigError {
            faults: self.faults.clone(),
        })
    }

    fn lookup(&self, variable: &Variable) -> Option<String> {
        std::iter::once(&variable.name)
            .chain(variable.aliases)
            .find_map(|name| self.values.get(*name).cloned())
    }
}

/// Levenshtein distance, for pointing out near misses.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let replace = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORT: Variable = Variable::new("PORT", "a port number").or("3000");
    const TOKEN: Variable = Variable::new("LINK_TOKEN", "32 characters or more").secret();
    const GUILD: Variable =
        Variable::new("DISCORD_GUILD_ID", "a guild's id").alias(&["VITE_DISCORD_GUILD_ID"]);

    #[test]
    fn every_fault_is_reported_at_once_and_names_its_variable() {
        let mut env = Env::from_pairs([("PORT", "many"), ("LINK_TOKEN", "hunter2")]);
        let port: u16 = env.parse_or(&PORT, 0);
        env.required_secret(&TOKEN, 32);
        env.required(&GUILD);
        let error = env.finish().unwrap_err();
        assert_eq!(port, 0);
        let names: Vec<_> = error.faults.iter().map(|fault| fault.variable).collect();
        assert_eq!(names, ["PORT", "LINK_TOKEN", "DISCORD_GUILD_ID"]);
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn defaults_aliases_and_files_are_used() {
        let dir = std::env::temp_dir().join(format!("environment-{}", std::process::id()));
        std::fs::write(&dir, "s3cret\n").unwrap();
        let path = dir.to_str().unwrap();
        let mut env = Env::from_pairs([("VITE_DISCORD_GUILD_ID", "7"), ("LINK_TOKEN_FILE", path)]);
        assert_eq!(env.parse_or::<u16>(&PORT, 0), 3000);
        assert_eq!(env.required(&GUILD), "7");
        assert_eq!(env.secret(&TOKEN).unwrap().expose(), "s3cret");
        env.finish().unwrap();
        std::fs::remove_file(dir).unwrap();
    }

    #[test]
    fn an_empty_value_counts_as_not_set() {
        let mut env = Env::from_pairs([("PORT", "  ")]);
        assert_eq!(env.parse_or::<u16>(&PORT, 0), 3000);
    }

    #[test]
    fn a_near_miss_is_pointed_out() {
        let env = Env::from_pairs([
            ("LINK_TOKN", "x"),
            ("HOME", "/"),
            ("PORT", "1"),
            ("LINK_TOKEN_FILE", "f"),
        ]);
        assert_eq!(
            env.near_misses(&[PORT, TOKEN]),
            [("LINK_TOKN".to_owned(), "LINK_TOKEN")]
        );
    }
}
