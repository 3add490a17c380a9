use std::{fmt, sync::OnceLock};

use parking_lot::Mutex;
use tracing::info;
use tracing_subscriber::{EnvFilter, reload};

use super::filter;

/// Everything that is ours, as targets are named.
const OURS: &[&str] = &[
    "contracts",
    "discord",
    "environment",
    "event_bus",
    "fanfare",
    "gateway",
    "gateway_registry",
    "lifecycle",
    "limits",
    "link",
    "permissions",
    "program",
    "redis_link",
    "room_book",
    "session_store",
    "simulator",
    "telemetry",
    "web",
];

static INSTALLED: OnceLock<LogControl> = OnceLock::new();

/// The control of this process' logs, once they are installed.
pub fn log_control() -> Option<&'static LogControl> {
    INSTALLED.get()
}

/// Changes what this process logs, while it runs.
pub struct LogControl {
    configured: String,
    current: Mutex<String>,
    apply: Box<dyn Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync>,
}

/// Why a filter is not taken.
#[derive(Debug, thiserror::Error)]
pub enum LogControlError {
    /// It can't be read.
    #[error("it is not a filter ({0}): write e.g. `info` or `info,gateway=debug`")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The logs are gone.
    #[error("the logs can't be changed: {0}")]
    Gone(#[from] reload::Error),
}

impl LogControl {
    pub(super) fn new(
        configured: &str,
        apply: impl Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync + 'static,
    ) -> Self {
        Self {
            configured: configured.to_owned(),
            current: Mutex::new(configured.to_owned()),
            apply: Box::new(apply),
        }
    }

    /// Makes it this process' own.
    pub(crate) fn install(self) {
        // Logs are installed once, so there is none before it.
        let _first = INSTALLED.set(self);
    }

    /// The filter that holds now, as it was written.
    pub fn current(&self) -> String {
        self.current.lock().clone()
    }

    /// The filter of the configuration (`RUST_LOG`).
    pub fn configured(&self) -> &str {
        &self.configured
    }

    /// Another filter from now on.
    pub fn set(&self, written: &str) -> Result<(), LogControlError> {
        let parsed = filter(written)?;
        // Held over the change, so that two who change it at once end with what is told.
        let mut current = self.current.lock();
        (self.apply)(parsed)?;
        written.clone_into(&mut current);
        drop(current);
        info!(
            component = "Internal",
            filter = written,
            "The filter of the logs was changed"
        );
        Ok(())
    }

    /// The configured filter again.
    pub fn reset(&self) -> Result<(), LogControlError> {
        self.set(&self.configured)
    }

    /// From the configured filter to that with everything of ours at debug, and from anything else back to it.
    pub fn toggle(&self) -> Result<(), LogControlError> {
        if self.current() != self.configured {
            return self.reset();
        }
        let ours: Vec<_> = OURS.iter().map(|name| format!("{name}=debug")).collect();
        self.set(&format!("{},{}", self.configured, ours.join(",")))
    }
}

impl fmt::Debug for LogControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogControl")
            .field("configured", &self.configured)
            .field("current", &self.current())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path, sync::Arc};

    use super::*;

    /// A control, and the filters that it applied.
    fn control(configured: &str) -> (LogControl, Arc<Mutex<Vec<String>>>) {
        let applied = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&applied);
        let control = LogControl::new(configured, move |filter| {
            told.lock().push(filter.to_string());
            Ok(())
        });
        (control, applied)
    }

    #[test]
    fn a_toggle_goes_to_debug_of_ours_and_back() {
        let (control, applied) = control("warn");
        control.toggle().unwrap();
        assert!(control.current().starts_with("warn,"));
        assert!(applied.lock()[0].contains("event_bus=debug"), "{applied:?}");
        control.toggle().unwrap();
        assert_eq!(control.current(), "warn");
        // From anything else it goes back, not on.
        control.set("trace").unwrap();
        control.toggle().unwrap();
        assert_eq!(control.current(), "warn");
        assert_eq!(applied.lock().len(), 4);
    }

    #[test]
    fn a_wrong_filter_changes_nothing() {
        let (control, applied) = control("info");
        assert!(control.set("gateway=loud").is_err());
        assert_eq!(
            (control.current().as_str(), applied.lock().len()),
            ("info", 0)
        );
    }

    #[test]
    fn every_crate_of_ours_that_logs_is_named() {
        let libs = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut missing = Vec::new();
        for folder in [libs.clone(), libs.join("../services")] {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                let manifest = fs::read_to_string(entry.path().join("Cargo.toml"));
                let name = entry.file_name().to_string_lossy().replace('-', "_");
                if manifest.is_ok_and(|text| text.contains("\ntracing.workspace"))
                    && !OURS.contains(&name.as_str())
                {
                    missing.push(name);
                }
            }
        }
        assert!(missing.is_empty(), "not ours: {missing:?}");
    }
}
