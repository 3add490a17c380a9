use contracts::command::Act;
use prometheus::{IntCounterVec, IntGauge, Opts, Registry};

/// What is measured of LINK.
#[derive(Clone)]
pub(crate) struct LinkMetrics {
    connections: IntGauge,
    refused: IntCounterVec,
    commands: IntCounterVec,
}

impl LinkMetrics {
    /// Shown by `registry`.
    pub(crate) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            connections: IntGauge::new(
                "fanfare_link_connections",
                "Open connections of web replicas over LINK",
            )?,
            refused: IntCounterVec::new(
                Opts::new(
                    "fanfare_link_refused_total",
                    "Connections over LINK that were refused, by reason (token, version, full)",
                ),
                &["reason"],
            )?,
            commands: IntCounterVec::new(
                Opts::new(
                    "fanfare_link_commands_total",
                    "Commands of users over LINK, by name and outcome (done, refused, overloaded)",
                ),
                &["command", "outcome"],
            )?,
        };
        registry.register(Box::new(metrics.connections.clone()))?;
        registry.register(Box::new(metrics.refused.clone()))?;
        registry.register(Box::new(metrics.commands.clone()))?;
        Ok(metrics)
    }

    pub(super) fn refused(&self, reason: &str) {
        self.refused.with_label_values(&[reason]).inc();
    }

    /// A name that is not ours is counted as `unknown`: it is web's own word.
    pub(super) fn command(&self, name: &str, outcome: &str) {
        let known = Act::NAMES.iter().find(|known| **known == name);
        let name = known.copied().unwrap_or("unknown");
        self.commands.with_label_values(&[name, outcome]).inc();
    }

    /// Counted until it is dropped.
    pub(super) fn opened(&self) -> OpenConnection {
        self.connections.inc();
        OpenConnection(self.connections.clone())
    }
}

pub(super) struct OpenConnection(IntGauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}
