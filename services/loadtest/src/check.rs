//! `loadtest check`: is everything there that a load run needs, and what to do if not.

use program::Findings;

use crate::{
    bench::stack::{beside, search_path},
    proc,
};

/// Files that a run of 1,000 streams needs, with some to spare.
const FILES: u64 = 2_000;

/// Looks for the programs that `bench` starts, and at the limit of open files. True = nothing is missing.
pub(crate) fn run() -> bool {
    let mut findings = Findings::default();
    match search_path("redis-server") {
        Ok(path) => findings.ok(format!("redis-server is {}", path.display())),
        Err(error) => findings.fail(format!(
            "{error:#}: install it, e.g. apt install redis-server"
        )),
    }
    for name in ["simulator", "gateway", "web"] {
        match beside(name) {
            Ok(path) => findings.ok(format!("{name} is {}", path.display())),
            Err(error) => findings.fail(format!("{error:#}")),
        }
    }
    match proc::open_files_limit() {
        Some(limit) if limit < FILES => findings.fail(format!(
            "only {limit} files may be open: raise it to {FILES} or more, e.g. ulimit -n 20000"
        )),
        Some(limit) => findings.ok(format!("{limit} files may be open")),
        None => findings.note("the limit of open files is not known"),
    }
    for line in findings.lines() {
        println!("{line}");
    }
    findings.passed()
}
