use fred::error::{Error, ErrorKind};
use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};
use tracing::debug;

use crate::Role;

/// What is measured of the connections of one configuration; its clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    connected: IntGaugeVec,
    outages: IntCounterVec,
    errors: IntCounterVec,
}

impl Metrics {
    /// Not shown anywhere yet.
    pub(crate) fn detached() -> Self {
        let opts = |name: &str, help: &str| Opts::new(name, help);
        let valid = "the name is a valid metric name";
        Self {
            connected: IntGaugeVec::new(
                opts(
                    "fanfare_redis_connected",
                    "Connections to Redis that are up, by what they are for",
                ),
                &["connection"],
            )
            .expect(valid),
            outages: IntCounterVec::new(
                opts(
                    "fanfare_redis_outages_total",
                    "Times that a connection to Redis was lost or could not be made, by what it is for",
                ),
                &["connection"],
            )
            .expect(valid),
            errors: IntCounterVec::new(
                opts(
                    "fanfare_redis_call_errors_total",
                    "Calls to Redis that failed, by what the connection is for and kind of error",
                ),
                &["connection", "kind"],
            )
            .expect(valid),
        }
    }

    /// Shows them. A registry shows those of one configuration; a second one's stay hidden.
    pub(crate) fn show(&self, registry: &Registry) {
        let shown = registry
            .register(Box::new(self.connected.clone()))
            .and_then(|()| registry.register(Box::new(self.outages.clone())))
            .and_then(|()| registry.register(Box::new(self.errors.clone())));
        if let Err(error) = shown {
            debug!(component = "Internal", %error, "the metrics of a Redis configuration are not shown");
        }
    }

    pub(crate) fn failed(&self, role: Role, error: &Error) {
        self.errors
            .with_label_values(&[role.name(), error.kind().to_str()])
            .inc();
    }

    /// A connection that is not up yet.
    pub(crate) fn connection(&self, role: Role) -> Connection {
        // What is counted from 0 on is seen to rise from the first time on.
        for kind in [ErrorKind::IO, ErrorKind::Timeout] {
            let labels = [role.name(), kind.to_str()];
            self.errors.with_label_values(&labels).inc_by(0);
        }
        Connection {
            connected: self.connected.with_label_values(&[role.name()]),
            outages: self.outages.with_label_values(&[role.name()]),
            up: false,
        }
    }
}

/// Counts one connection among those that are up, until it is dropped.
#[derive(Debug)]
pub(crate) struct Connection {
    connected: IntGauge,
    outages: IntCounter,
    up: bool,
}

impl Connection {
    pub(crate) fn up(&mut self) {
        if !std::mem::replace(&mut self.up, true) {
            self.connected.inc();
        }
    }

    /// An outage begins.
    pub(crate) fn down(&mut self) {
        self.outages.inc();
        self.level();
    }

    fn level(&mut self) {
        if std::mem::replace(&mut self.up, false) {
            self.connected.dec();
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.level();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_counts_while_it_is_up_whoever_replaces_it() {
        let metrics = Metrics::detached();
        let up = || metrics.connected.with_label_values(&["subscriber"]).get();
        let mut first = metrics.connection(Role::Subscriber);
        assert_eq!(up(), 0);
        first.up();
        first.up();
        let mut second = metrics.connection(Role::Subscriber);
        second.up();
        assert_eq!(up(), 2);
        drop(first);
        assert_eq!(up(), 1);
        second.down();
        second.down();
        assert_eq!(up(), 0);
        let outages = metrics.outages.with_label_values(&["subscriber"]);
        assert_eq!(outages.get(), 2);
    }
}
