//! A release has the page embedded: it is compiled anew when the page was built, also for the first time.

use std::path::Path;

fn main() {
    let built = "dashboard/dist";
    let watched = if Path::new(built).exists() {
        built
    } else {
        "dashboard"
    };
    println!("cargo::rerun-if-changed={watched}");
}
