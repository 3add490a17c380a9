use std::fmt;

use crate::Variable;

/// Stands for what is not shown.
const MASK: &str = "********";

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it, and it has no default.
    Unset,
    /// Nobody set it: the default.
    Default,
    /// The environment.
    Environment,
    /// The environment, under this other name.
    Alias(&'static str),
    /// The file that `NAME_FILE` names.
    File(String),
    /// The program chose it itself.
    Program,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => f.write_str("not set"),
            Self::Default => f.write_str("default"),
            Self::Environment => f.write_str("environment"),
            Self::Alias(name) => write!(f, "environment, as {name}"),
            Self::File(path) => write!(f, "file {path}"),
            Self::Program => f.write_str("chosen by the program"),
        }
    }
}

/// A variable as the program sees it. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The variable.
    pub name: &'static str,
    /// Its value, masked if it is a secret; `None` = it has none.
    pub value: Option<String>,
    /// Whether it is a secret.
    pub secret: bool,
    /// Where it comes from.
    pub origin: Origin,
}

impl Setting {
    pub(crate) fn new(variable: &Variable, value: Option<&str>, origin: Origin) -> Self {
        let value = value.map(|text| match (variable.secret, variable.address) {
            (false, _) => text.to_owned(),
            (true, true) => without_password(text),
            (true, false) => MASK.to_owned(),
        });
        let origin = if value.is_none() {
            Origin::Unset
        } else {
            origin
        };
        Self {
            name: variable.name,
            value,
            secret: variable.secret,
            origin,
        }
    }

    /// What a file holds is not even looked at.
    pub(crate) fn of_file(variable: &Variable, path: &str) -> Self {
        Self {
            name: variable.name,
            value: Some(MASK.to_owned()),
            secret: true,
            origin: Origin::File(path.to_owned()),
        }
    }
}

/// Scheme, host and path of an address; who and what else is in it is masked. Where a password may have an unescaped `?`, all is.
fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return MASK.to_owned();
    };
    let (head, query) = match rest.find(['?', '#']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    if query.contains('@') {
        return MASK.to_owned();
    }
    let place = match head.rsplit_once('@') {
        Some((_, place)) => format!("{MASK}@{place}"),
        None => head.to_owned(),
    };
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{MASK}")
    };
    format!("{scheme}://{place}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_only_the_place_is_shown() {
        for (written, shown) in [
            ("redis://h:1/2", "redis://h:1/2"),
            ("redis://:s3cret@h", "redis://********@h"),
            ("postgres://u:s3@cret/@h/d", "postgres://********@h/d"),
            (
                "redis://:s3cret@h/0?p=s3cret",
                "redis://********@h/0?********",
            ),
            ("redis://:s3?cret@h/0", "********"),
            ("s3cret", "********"),
        ] {
            assert_eq!(without_password(written), shown, "{written}");
        }
    }
}
