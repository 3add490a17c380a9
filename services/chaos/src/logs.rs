//! What the processes wrote.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::Path,
};

use anyhow::Context as _;

/// The logs in a folder in which a text occurs.
pub(crate) fn holding(folder: &Path, text: &str) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).context("the logs can't be read")? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "log") {
            continue;
        }
        let mut lines = BufReader::new(File::open(&path)?).split(b'\n');
        let holds = |line: Vec<u8>| line.windows(text.len()).any(|part| part == text.as_bytes());
        if lines.any(|line| line.is_ok_and(holds)) {
            found.push(path.display().to_string());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_in_logs_alone() {
        let folder = std::env::temp_dir().join(format!("chaos-logs-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("web-1.log"), "one\nsaid #7 murmur-1 here\n").unwrap();
        fs::write(folder.join("web-2.log"), "nothing").unwrap();
        fs::write(folder.join("web.bin"), "murmur-1").unwrap();
        let found = holding(&folder, "murmur-1").unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].ends_with("web-1.log"));
    }
}
