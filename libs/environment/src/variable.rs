use std::fmt::Write as _;

/// One environment variable: what `--help` prints and what [`crate::Env`] reads.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// The name, as in the process environment.
    pub name: &'static str,
    /// Older or foreign names that are accepted too, in order of preference.
    pub aliases: &'static [&'static str],
    /// The value when nothing is set.
    pub default: Option<&'static str>,
    /// Whether `NAME_FILE` is accepted and the value is masked everywhere.
    pub secret: bool,
    /// One line: what it is and what it may be.
    pub help: &'static str,
}

impl Variable {
    /// A variable without default.
    pub const fn new(name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            aliases: &[],
            default: None,
            secret: false,
            help,
        }
    }

    /// Gives it a default.
    #[must_use]
    pub const fn or(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    /// Marks it as a secret.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Accepts other names for it.
    #[must_use]
    pub const fn alias(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }
}

/// The variables as an aligned text table, for `--help`.
pub fn table(variables: &[Variable]) -> String {
    let width = variables
        .iter()
        .map(|variable| variable.name.len())
        .max()
        .unwrap_or(0);
    let mut text = String::from("Environment variables:\n");
    for variable in variables {
        let default = match variable.default {
            Some(default) => format!(" [default: {default}]"),
            None if variable.secret => " [secret; or its file in *_FILE]".to_owned(),
            None => String::new(),
        };
        let _ = writeln!(
            text,
            "  {:width$}  {}{default}",
            variable.name, variable.help
        );
    }
    text
}
