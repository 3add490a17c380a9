use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    str::FromStr,
    time::Duration,
};

use crate::{
    ConfigError, Fault, Origin, Secret, Setting, Variable,
    distance::distance,
    foreign::{FAMILY, OUR_PREFIXES, is_of_kubernetes},
};

/// The environment of one program, read variable by variable; faults are collected until [`Env::finish`].
#[derive(Debug)]
pub struct Env {
    values: BTreeMap<String, Value>,
    asked: BTreeSet<&'static str>,
    faults: Vec<Fault>,
}

/// The value of a variable that is set.
#[derive(Debug)]
struct Value {
    text: String,
    /// Whether the program set it itself.
    own: bool,
}

impl Env {
    /// The process environment. What is no UTF-8 counts as not set: no variable of ours may be that.
    pub fn of_process() -> Self {
        let pairs = std::env::vars_os();
        Self::from_pairs(pairs.filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }))
    }

    /// An environment made of the given pairs (tests, and programs that wire several parts together).
    pub fn from_pairs<K: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let values = pairs
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .filter(|(_, value): &(String, String)| !value.trim().is_empty())
            .map(|(name, text)| (name, Value { text, own: false }))
            .collect();
        Self {
            values,
            asked: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    /// Sets a variable, whatever it was (programs that wire several parts together).
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        let value = Value {
            text: value.into(),
            own: true,
        };
        self.values.insert(name.to_owned(), value);
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
        if !self.is_set(name) {
            self.set(name, value);
        }
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
        let path = &self.values.get(&format!("{}_FILE", variable.name))?.text;
        match std::fs::read_to_string(path) {
            Ok(text) if !text.trim().is_empty() => Some(Secret::from(text.trim())),
            Ok(_) => {
                let fault = format!(
                    "is not set, and the file {path} is empty: {}",
                    variable.help
                );
                self.fault(variable, fault);
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

    /// Variables that are set, that nobody asked for, and that are nearly one of `known`: (set, meant). `NAME_FILE` of a variable
    /// that is no secret is one of them, as it is not read.
    pub fn near_misses(&self, known: &[Variable]) -> Vec<(String, &'static str)> {
        let names = || {
            known
                .iter()
                .flat_map(|variable| std::iter::once(&variable.name).chain(variable.aliases))
        };
        self.unread(known)
            .filter_map(|set| {
                let stem = set.strip_suffix("_FILE").unwrap_or(set);
                let near = names().find(|name| distance(stem, name) <= 1 + name.len() / 10)?;
                Some((set.clone(), *near))
            })
            .collect()
    }

    /// Variables that are set, that look like ours, and that neither this program reads nor, as far as is known, another one of ours.
    pub fn strangers(&self, known: &[Variable]) -> Vec<String> {
        let near = self.near_misses(known);
        self.unread(known)
            .filter(|set| {
                let stem = set.strip_suffix("_FILE").unwrap_or(set);
                OUR_PREFIXES.iter().any(|prefix| stem.starts_with(prefix))
                    && !FAMILY.contains(&stem)
                    && !is_of_kubernetes(stem)
                    && !near.iter().any(|(name, _)| name == *set)
            })
            .cloned()
            .collect()
    }

    /// What is set and neither asked for nor one of `known`.
    fn unread<'a>(&'a self, known: &'a [Variable]) -> impl Iterator<Item = &'a String> {
        self.values.keys().filter(|set| {
            let named = |name: &str, secret: bool| {
                *set == name || secret && set.strip_suffix("_FILE") == Some(name)
            };
            let is_known = known.iter().any(|variable| {
                named(variable.name, variable.secret)
                    || variable.aliases.iter().any(|alias| named(alias, false))
            });
            !is_known && !self.asked.contains(set.as_str())
        })
    }

    /// What a variable is, and where that comes from. Secrets are masked.
    pub fn setting(&self, variable: &Variable) -> Setting {
        let mut names = std::iter::once(&variable.name).chain(variable.aliases);
        let set = names.find_map(|name| Some((*name, self.values.get(*name)?)));
        let file = self.values.get(&format!("{}_FILE", variable.name));
        let (value, origin) = match (set, file) {
            (Some((_, value)), _) if value.own => (Some(&*value.text), Origin::Program),
            (Some((name, value)), _) if name == variable.name => {
                (Some(&*value.text), Origin::Environment)
            }
            (Some((name, value)), _) => (Some(&*value.text), Origin::Alias(name)),
            (None, Some(path)) if variable.secret => {
                return Setting::of_file(variable, &path.text);
            }
            (None, _) => (variable.default, Origin::Default),
        };
        Setting::new(variable, value, origin)
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
            .find_map(|name| Some(self.values.get(*name)?.text.clone()))
    }
}

#[cfg(test)]
mod tests;
