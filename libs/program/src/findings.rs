use std::time::{Duration, Instant};

/// What a check found, line by line, with the time that each took.
#[derive(Debug)]
pub struct Findings {
    lines: Vec<String>,
    failures: usize,
    shown: bool,
    begun: Instant,
    since: Instant,
}

impl Default for Findings {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            lines: Vec::new(),
            failures: 0,
            shown: false,
            begun: now,
            since: now,
        }
    }
}

impl Findings {
    /// Findings that are printed as they come, so that whoever waits sees for what.
    pub fn shown() -> Self {
        Self {
            shown: true,
            ..Self::default()
        }
    }

    /// Something is as it should be.
    pub fn ok(&mut self, what: impl AsRef<str>) {
        self.add("ok", what.as_ref());
    }

    /// Something worth knowing.
    pub fn note(&mut self, what: impl AsRef<str>) {
        self.add("note", what.as_ref());
    }

    /// Something works, and will be regretted one day; says what to do.
    pub fn warn(&mut self, what: impl AsRef<str>) {
        self.add("warn", what.as_ref());
    }

    /// Something does not work; says what to do.
    pub fn fail(&mut self, what: impl AsRef<str>) {
        self.failures += 1;
        self.add("FAIL", what.as_ref());
    }

    /// Whether everything that is needed is there.
    pub fn passed(&self) -> bool {
        self.failures == 0
    }

    /// The lines, as they are printed.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// One line about all of them.
    pub fn summary(&self) -> String {
        let took = time(self.begun.elapsed());
        match self.failures {
            0 => format!("All that is needed is there ({took})"),
            1 => format!("One thing has to be mended ({took})"),
            many => format!("{many} things have to be mended ({took})"),
        }
    }

    fn add(&mut self, kind: &str, what: &str) {
        let took = self.since.elapsed();
        self.since = Instant::now();
        let mut line = format!("{kind:<6}{what}");
        if took >= Duration::from_millis(1) {
            line = format!("{line} ({})", time(took));
        }
        if self.shown {
            println!("{line}");
        }
        self.lines.push(line);
    }
}

fn time(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_fail_the_check_and_nothing_else_does() {
        let mut findings = Findings::default();
        findings.ok("this");
        findings.note("that");
        findings.warn("beware");
        assert!(findings.passed());
        assert!(findings.summary().starts_with("All that is needed"));
        findings.fail("the other");
        findings.fail("one more");
        assert!(!findings.passed());
        assert!(findings.summary().starts_with("2 things"));
        let expected = [
            "ok    this",
            "note  that",
            "warn  beware",
            "FAIL  the other",
        ];
        for (line, expected) in findings.lines().iter().zip(expected) {
            assert!(line.starts_with(expected), "{line}");
        }
    }

    #[test]
    fn what_took_time_says_how_long() {
        let mut findings = Findings::default();
        std::thread::sleep(Duration::from_millis(3));
        findings.ok("slow");
        let line = &findings.lines()[0];
        assert!(
            line.starts_with("ok    slow (") && line.ends_with("s)"),
            "{line}"
        );
        assert_eq!(time(Duration::from_millis(999)), "999 ms");
        assert_eq!(time(Duration::from_millis(2_345)), "2.3 s");
    }
}
