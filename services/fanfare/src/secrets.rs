//! `fanfare gen-secrets`: random secrets for a deployment.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use clap::{Arg, ArgMatches, Command, value_parser};
use rand::{Rng as _, distr::Alphanumeric};

pub(crate) const NAME: &str = "gen-secrets";
const NAMES: &str = "names";
const FOLDER: &str = "dir";

/// What a deployment needs that Discord does not give.
const NEEDED: [&str; 2] = ["SESSION_SECRET", "LINK_TOKEN"];

/// Characters of a secret: 62 letters and digits, so more than 380 bits.
const LENGTH: usize = 64;

/// Why a secret was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    #[error(
        "{0} exists: a secret is never written over. Remove it first, or choose another folder"
    )]
    Exists(PathBuf),
    #[error("{0} can't be written: {1}")]
    Write(PathBuf, io::Error),
}

pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Print random secrets as lines of an .env file, or write each into a file of its own")
        .arg(
            Arg::new(NAMES)
                .value_name("NAME")
                .num_args(..)
                .value_parser(variable)
                .help("The variables to make secrets for [default: SESSION_SECRET LINK_TOKEN]"),
        )
        .arg(
            Arg::new(FOLDER)
                .long(FOLDER)
                .value_name("FOLDER")
                .value_parser(value_parser!(PathBuf))
                .help("Write FOLDER/NAME (mode 0600, never over a file that exists) and print NAME_FILE=… instead"),
        )
}

/// Prints or writes them.
pub(crate) fn run(arguments: &ArgMatches) -> Result<(), SecretError> {
    let mut names: Vec<&str> = arguments
        .get_many::<String>(NAMES)
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    if names.is_empty() {
        names.extend(NEEDED);
    }
    let Some(folder) = arguments.get_one::<PathBuf>(FOLDER) else {
        for name in names {
            println!("{name}={}", random());
        }
        return Ok(());
    };
    let failed = |error| SecretError::Write(folder.clone(), error);
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder).map_err(failed)?;
    let folder = folder.canonicalize().map_err(failed)?;
    // Nothing is written if one of them is there already.
    if let Some(taken) = names
        .iter()
        .map(|name| folder.join(name))
        .find(|path| path.exists())
    {
        return Err(SecretError::Exists(taken));
    }
    for name in names {
        let path = folder.join(name);
        write(&path)?;
        println!("{name}_FILE={}", path.display());
    }
    Ok(())
}

fn write(path: &Path) -> Result<(), SecretError> {
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let mut file = opened.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => SecretError::Exists(path.to_owned()),
        _ => SecretError::Write(path.to_owned(), error),
    })?;
    let written = writeln!(file, "{}", random()).and_then(|()| file.sync_all());
    written.map_err(|error| SecretError::Write(path.to_owned(), error))
}

/// A name that may be a variable's, and a file's.
fn variable(text: &str) -> Result<String, String> {
    let letters = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if !text.is_empty() && text.bytes().all(letters) && !text.as_bytes()[0].is_ascii_digit() {
        Ok(text.to_owned())
    } else {
        Err("a variable's name is made of A to Z, 0 to 9 and _".to_owned())
    }
}

/// Letters and digits from the system's randomness.
pub(crate) fn random() -> String {
    rand::rng()
        .sample_iter(Alphanumeric)
        .take(LENGTH)
        .map(char::from)
        .collect()
}
