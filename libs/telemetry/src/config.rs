use std::str::FromStr;

use environment::{Env, Variable};

const LOG_FORMAT: Variable = Variable::new("LOG_FORMAT", "`json` or `pretty`").or("json");
const RUST_LOG: Variable = Variable::new(
    "RUST_LOG",
    "what is logged, e.g. `info` or `info,gateway=debug` (tracing-subscriber's EnvFilter)",
)
.or("info");
const OTLP_ENDPOINT: Variable = Variable::new(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "base address of an OTLP/HTTP collector; no traces if unset",
);
const SAMPLER: Variable = Variable::new(
    "OTEL_TRACES_SAMPLER",
    "`always_on`, `always_off`, `traceidratio` or one of them with the prefix `parentbased_`",
)
.or("parentbased_traceidratio");
const SAMPLER_ARG: Variable = Variable::new(
    "OTEL_TRACES_SAMPLER_ARG",
    "the ratio of traces that are kept, 0 to 1",
)
.or("0.01");

/// What [`TelemetryConfig::read`] reads.
pub const VARIABLES: &[Variable] = &[LOG_FORMAT, RUST_LOG, OTLP_ENDPOINT, SAMPLER, SAMPLER_ARG];

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// For people.
    Pretty,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "json" => Ok(Self::Json),
            "pretty" => Ok(Self::Pretty),
            _ => Err("unknown format"),
        }
    }
}

/// What is told, and to whom.
#[derive(Debug, Clone)]
pub struct TelemetryConfig {
    /// How logs are written.
    pub log_format: LogFormat,
    /// Filter of logs.
    pub filter: String,
    /// Base address of the collector of traces.
    pub otlp_endpoint: Option<String>,
    /// The part of the traces that is kept when no parent decided, 0 to 1.
    pub sample_ratio: f64,
    /// Whether a parent's decision is followed.
    pub parent_based: bool,
}

impl TelemetryConfig {
    /// Reads the environment.
    pub fn read(env: &mut Env) -> Self {
        let log_format = env.parse_or(&LOG_FORMAT, LogFormat::Json);
        let filter = env.text(&RUST_LOG).unwrap_or_default();
        if let Err(error) = tracing_subscriber::EnvFilter::builder().parse(&filter) {
            env.fault(
                &RUST_LOG,
                format!("`{filter}` is not a filter ({error}): {}", RUST_LOG.help),
            );
        }
        let sampler = env.text(&SAMPLER).unwrap_or_default();
        let argument: f64 = env.parse_or(&SAMPLER_ARG, 0.0);
        if !(0.0..=1.0).contains(&argument) {
            env.fault(
                &SAMPLER_ARG,
                format!("`{argument}` is not valid: {}", SAMPLER_ARG.help),
            );
        }
        let (parent_based, base) = match sampler.strip_prefix("parentbased_") {
            Some(base) => (true, base),
            None => (false, sampler.as_str()),
        };
        let sample_ratio = match base {
            "always_on" => 1.0,
            "always_off" => 0.0,
            "traceidratio" => argument,
            _ => {
                env.fault(
                    &SAMPLER,
                    format!("`{sampler}` is not known: {}", SAMPLER.help),
                );
                0.0
            }
        };
        Self {
            log_format,
            filter,
            otlp_endpoint: env.text(&OTLP_ENDPOINT),
            sample_ratio,
            parent_based,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_variable_is_named() {
        let mut env = Env::from_pairs([
            ("LOG_FORMAT", "xml"),
            ("RUST_LOG", "gateway=loud"),
            ("OTEL_TRACES_SAMPLER", "sometimes"),
            ("OTEL_TRACES_SAMPLER_ARG", "2"),
        ]);
        TelemetryConfig::read(&mut env);
        let names: Vec<_> = env
            .finish()
            .unwrap_err()
            .faults
            .iter()
            .map(|fault| fault.variable)
            .collect();
        assert_eq!(
            names,
            [
                "LOG_FORMAT",
                "RUST_LOG",
                "OTEL_TRACES_SAMPLER_ARG",
                "OTEL_TRACES_SAMPLER"
            ]
        );
    }

    #[test]
    fn the_defaults_are_quiet_and_sample_a_hundredth() {
        let config = TelemetryConfig::read(&mut Env::from_pairs([("HOME", "/")]));
        assert_eq!(
            (config.log_format, config.filter.as_str()),
            (LogFormat::Json, "info")
        );
        assert!(config.otlp_endpoint.is_none() && config.parent_based);
        assert!((config.sample_ratio - 0.01).abs() < f64::EPSILON);
    }
}
