//! The list of OWASP ASVS 5.0.0: each number of levels 1 and 2 stands in it once, and each test that it names exists.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use crate::tidy::{read, root};

/// Where the list stands.
const LIST: &str = "services/web/SECURITY.md";

/// The sections that have requirements of levels 1 and 2: these are the first so many of each section, the rest is level 3.
const SECTIONS: &[(&str, u32)] = &[
    ("1.1", 2),
    ("1.2", 9),
    ("1.3", 11),
    ("1.4", 3),
    ("1.5", 2),
    ("2.1", 3),
    ("2.2", 3),
    ("2.3", 4),
    ("2.4", 1),
    ("3.2", 2),
    ("3.3", 4),
    ("3.4", 6),
    ("3.5", 5),
    ("3.7", 2),
    ("4.1", 3),
    ("4.2", 1),
    ("4.3", 2),
    ("4.4", 4),
    ("5.1", 1),
    ("5.2", 3),
    ("5.3", 2),
    ("5.4", 3),
    ("6.1", 3),
    ("6.2", 12),
    ("6.3", 4),
    ("6.4", 4),
    ("6.5", 5),
    ("6.6", 3),
    ("6.8", 4),
    ("7.1", 3),
    ("7.2", 4),
    ("7.3", 2),
    ("7.4", 5),
    ("7.5", 2),
    ("7.6", 2),
    ("8.1", 2),
    ("8.2", 3),
    ("8.3", 1),
    ("8.4", 1),
    ("9.1", 3),
    ("9.2", 4),
    ("10.1", 2),
    ("10.2", 2),
    ("10.3", 4),
    ("10.4", 11),
    ("10.5", 5),
    ("10.6", 2),
    ("10.7", 3),
    ("11.1", 2),
    ("11.2", 3),
    ("11.3", 3),
    ("11.4", 4),
    ("11.5", 1),
    ("11.6", 1),
    ("12.1", 3),
    ("12.2", 2),
    ("12.3", 4),
    ("13.1", 1),
    ("13.2", 5),
    ("13.3", 2),
    ("13.4", 5),
    ("14.1", 2),
    ("14.2", 4),
    ("14.3", 3),
    ("15.1", 3),
    ("15.2", 3),
    ("15.3", 7),
    ("16.1", 1),
    ("16.2", 5),
    ("16.3", 4),
    ("16.4", 3),
    ("16.5", 3),
    ("17.1", 1),
    ("17.2", 4),
    ("17.3", 2),
];

/// How many requirements levels 1 and 2 have together.
const REQUIREMENTS: usize = 253;

#[test]
fn every_number_of_levels_1_and_2_stands_in_the_list_once() {
    let wanted: BTreeSet<String> = SECTIONS
        .iter()
        .flat_map(|(section, last)| (1..=*last).map(move |number| format!("{section}.{number}")))
        .collect();
    assert_eq!(wanted.len(), REQUIREMENTS);
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows() {
        for number in numbers(&row[0]) {
            *found.entry(number).or_default() += 1;
        }
    }
    let missing: Vec<_> = wanted
        .iter()
        .filter(|number| !found.contains_key(*number))
        .collect();
    let unknown: Vec<_> = found
        .keys()
        .filter(|number| !wanted.contains(*number))
        .collect();
    let twice: Vec<_> = found.iter().filter(|(_, count)| **count > 1).collect();
    assert!(
        missing.is_empty() && unknown.is_empty() && twice.is_empty(),
        "missing {missing:?}, unknown {unknown:?}, twice {twice:?}"
    );
}

#[test]
fn every_test_that_the_list_names_exists() {
    let mut named = 0;
    let mut wrong = Vec::new();
    for row in rows() {
        for cell in &row[1..] {
            for test in cell.split('`').skip(1).step_by(2) {
                if test.contains("::") {
                    named += 1;
                    if !exists(test) {
                        wrong.push(test.to_owned());
                    }
                }
            }
        }
    }
    assert!(named > 0, "the list names no test");
    assert!(wrong.is_empty(), "there are no such tests: {wrong:#?}");
}

#[test]
fn every_row_says_something_and_names_a_test_or_a_reason() {
    for row in rows() {
        assert_eq!(row.len(), 3, "{row:?}");
        assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
    }
}

/// The cells of the rows whose first cell begins with a number like 1.2.3.
fn rows() -> Vec<Vec<String>> {
    let text = read(&root().join(LIST));
    let lines = text.lines().filter_map(|line| {
        let inner = line.strip_prefix('|')?.strip_suffix('|')?;
        let cells: Vec<String> = inner
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect();
        let numbered = cells[0].starts_with(|first: char| first.is_ascii_digit());
        numbered.then_some(cells)
    });
    lines.collect()
}

/// The numbers of a cell: `1.2.3`, `1.2.3–1.2.5` (or `1.2.3–5`), separated by commas.
fn numbers(cell: &str) -> Vec<String> {
    let mut all = Vec::new();
    for part in cell.split(',').map(str::trim) {
        let (first, last) = part.split_once('–').unwrap_or((part, part));
        let (section, from) = first.rsplit_once('.').expect("a number has dots");
        let to = last.rsplit_once('.').map_or(last, |(_, number)| number);
        let bound = |text: &str| text.parse::<u32>().expect("a number ends with digits");
        all.extend((bound(from)..=bound(to)).map(|number| format!("{section}.{number}")));
    }
    all
}

/// Whether a test like `crate_name::module::name` is in the sources. The file is the one that the longest part of the path
/// leads to; tests of a conformance suite are marked by the macro that lists them.
fn exists(test: &str) -> bool {
    let mut parts: Vec<&str> = test.split("::").collect();
    let (Some(name), crate_name) = (parts.pop(), parts.remove(0).replace('_', "-")) else {
        return false;
    };
    let folders = ["libs", "services"].map(|kind| root().join(kind).join(&crate_name));
    let Some(folder) = folders.into_iter().find(|folder| folder.exists()) else {
        return false;
    };
    let (base, own) = match parts.first() {
        Some(&"it") => (folder.join("tests/it"), "main.rs"),
        _ => (folder.join("src"), "lib.rs"),
    };
    parts.retain(|part| *part != "it");
    let file = (0..=parts.len()).rev().find_map(|depth| {
        let path: PathBuf = parts[..depth].iter().collect();
        let file = match depth {
            0 => base.join(own),
            _ => base.join(path).with_extension("rs"),
        };
        file.exists().then_some(file)
    });
    let Some(file) = file else { return false };
    let source = read(&file);
    let suite = parts.contains(&"conformance");
    let mut before = [""; 3];
    for line in source.lines() {
        let function = line.trim_start().trim_start_matches("pub(crate) ");
        let function = function.trim_start_matches("async ");
        let is_it = function
            .strip_prefix("fn ")
            .and_then(|rest| rest.strip_prefix(name))
            .is_some_and(|rest| rest.starts_with('('));
        let marked = before.iter().any(|line| line.contains("test"));
        if is_it && (marked || suite) {
            return true;
        }
        before.rotate_left(1);
        before[2] = line;
    }
    false
}
