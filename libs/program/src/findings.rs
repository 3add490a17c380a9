/// What a check found, line by line.
#[derive(Debug, Default)]
pub struct Findings {
    lines: Vec<String>,
    failed: bool,
}

impl Findings {
    /// Something is as it should be.
    pub fn ok(&mut self, what: impl AsRef<str>) {
        self.lines.push(format!("ok    {}", what.as_ref()));
    }

    /// Something worth knowing.
    pub fn note(&mut self, what: impl AsRef<str>) {
        self.lines.push(format!("note  {}", what.as_ref()));
    }

    /// Something does not work; says what to do.
    pub fn fail(&mut self, what: impl AsRef<str>) {
        self.lines.push(format!("FAIL  {}", what.as_ref()));
        self.failed = true;
    }

    /// Whether everything that is needed is there.
    pub fn passed(&self) -> bool {
        !self.failed
    }

    /// The lines, as they are printed.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_fails_the_check_and_notes_do_not() {
        let mut findings = Findings::default();
        findings.ok("this");
        findings.note("that");
        assert!(findings.passed());
        findings.fail("the other");
        assert!(!findings.passed());
        assert_eq!(
            findings.lines(),
            ["ok    this", "note  that", "FAIL  the other"]
        );
    }
}
