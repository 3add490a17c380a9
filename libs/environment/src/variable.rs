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
    /// Whether it is an address, which is secret for the password in it only.
    pub address: bool,
    /// The heading that it stands under in `--help`.
    pub group: &'static str,
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
            address: false,
            group: "",
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

    /// Marks it as an address that may hold a password: a secret of which the rest may be shown.
    #[must_use]
    pub const fn secret_address(mut self) -> Self {
        self.secret = true;
        self.address = true;
        self
    }

    /// Accepts other names for it.
    #[must_use]
    pub const fn alias(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }
}

/// Variables under a heading.
pub type Group<'a> = (&'static str, &'a [Variable]);

/// How many variables there are in all groups.
pub const fn count(groups: &[Group<'_>]) -> usize {
    let (mut count, mut group) = (0, 0);
    while group < groups.len() {
        count += groups[group].1.len();
        group += 1;
    }
    count
}

/// The variables of all groups in one list, each with its heading. `N` is what [`count`] says.
pub const fn grouped<const N: usize>(groups: &[Group<'_>]) -> [Variable; N] {
    let mut all = [Variable::new("", ""); N];
    let (mut at, mut group) = (0, 0);
    while group < groups.len() {
        let (heading, variables) = groups[group];
        let mut i = 0;
        while i < variables.len() {
            all[at] = variables[i];
            all[at].group = heading;
            at += 1;
            i += 1;
        }
        group += 1;
    }
    all
}

/// The variables as an aligned text table under their headings, for `--help`. Only lines of variables begin with blanks.
pub fn table(variables: &[Variable]) -> String {
    let width = variables
        .iter()
        .map(|variable| variable.name.len())
        .max()
        .unwrap_or(0);
    let mut headings: Vec<&str> = Vec::new();
    for variable in variables {
        if !headings.contains(&variable.group) {
            headings.push(variable.group);
        }
    }
    let mut text = String::from("Environment variables:\n");
    for heading in headings {
        if !heading.is_empty() {
            let _ = writeln!(text, "\n{heading}:");
        }
        for variable in variables {
            if variable.group == heading {
                let (name, help) = (variable.name, variable.help);
                let _ = writeln!(text, "  {name:width$}  {help}{}", remark(variable));
            }
        }
    }
    text
}

fn remark(variable: &Variable) -> String {
    let mut remark = String::new();
    if let Some(default) = variable.default {
        let _ = write!(remark, " [default: {default}]");
    }
    if variable.secret {
        let _ = write!(remark, " [secret; or its file in {}_FILE]", variable.name);
    }
    if !variable.aliases.is_empty() {
        let _ = write!(remark, " [also: {}]", variable.aliases.join(", "));
    }
    remark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_headings_defaults_secrets_and_other_names() {
        const PORT: Variable = Variable::new("PORT", "a port").or("3000");
        const TOKEN: Variable = Variable::new("TOKEN", "a token").secret();
        const GUILD: Variable = Variable::new("GUILD", "a guild").alias(&["OLD_GUILD"]);
        const GROUPS: &[Group<'_>] = &[("Discord", &[TOKEN, GUILD]), ("Network", &[PORT])];
        const ALL: [Variable; count(GROUPS)] = grouped(GROUPS);
        let expected = "Environment variables:\n\n\
            Discord:\n\
            \x20 TOKEN  a token [secret; or its file in TOKEN_FILE]\n\
            \x20 GUILD  a guild [also: OLD_GUILD]\n\n\
            Network:\n\
            \x20 PORT   a port [default: 3000]\n";
        assert_eq!(table(&ALL), expected);
    }
}
