//! What is kept of a run that went wrong, beside the processes' logs.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
};

use anyhow::Context as _;

use crate::{
    browser::{Profile, Record},
    control::Dispatch,
};

/// Writes down everything that Discord emitted (`dispatches.jsonl`) and everything that browsers received, each in its order
/// (`browsers.txt`: Unix µs and what it was).
pub(crate) fn keep(
    folder: &Path,
    dispatches: &[Dispatch],
    browsers: &[(Profile, Record)],
) -> anyhow::Result<()> {
    let create = |name: &str| {
        let file = File::create(folder.join(name));
        file.map(BufWriter::new)
            .with_context(|| format!("{name} can't be written"))
    };
    let mut file = create("dispatches.jsonl")?;
    for dispatch in dispatches {
        serde_json::to_writer(&mut file, dispatch)?;
        writeln!(file)?;
    }
    file.flush()?;
    let mut file = create("browsers.txt")?;
    for (profile, record) in browsers {
        writeln!(file, "{}", profile.describe())?;
        for at in &record.opened {
            writeln!(file, "{at} a stream begins")?;
        }
        for arrival in &record.arrivals {
            writeln!(file, "{} {:?}", arrival.at_micros, arrival.payload)?;
        }
    }
    file.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dispatches_and_arrivals_are_written_down() {
        let folder = std::env::temp_dir().join(format!("chaos-evidence-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let dispatch = Dispatch {
            n: 7,
            at_micros: 1,
            t: "TYPING_START".to_owned(),
            d: json!({}),
        };
        keep(&folder, &[dispatch], &[]).unwrap();
        let kept = std::fs::read_to_string(folder.join("dispatches.jsonl")).unwrap();
        let browsers = std::fs::read_to_string(folder.join("browsers.txt")).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(
            kept,
            "{\"n\":7,\"atMicros\":1,\"t\":\"TYPING_START\",\"d\":{}}\n"
        );
        assert!(browsers.is_empty());
    }
}
