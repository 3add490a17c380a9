use std::str::FromStr;

use environment::{Env, Secret, Variable};
use percent_encoding::percent_decode_str;

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
const OTLP_HEADERS: Variable = Variable::new(
    "OTEL_EXPORTER_OTLP_HEADERS",
    "headers for the collector, `name=value` separated by commas, values percent-encoded",
)
.secret();
const SERVICE_NAME: Variable = Variable::new(
    "OTEL_SERVICE_NAME",
    "what traces call this process; its program's name if unset",
);
const RESOURCE_ATTRIBUTES: Variable = Variable::new(
    "OTEL_RESOURCE_ATTRIBUTES",
    "what traces say of this process beside, `name=value` separated by commas, values percent-encoded",
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
pub const VARIABLES: &[Variable] = &[
    LOG_FORMAT,
    RUST_LOG,
    OTLP_ENDPOINT,
    OTLP_HEADERS,
    SAMPLER,
    SAMPLER_ARG,
    SERVICE_NAME,
    RESOURCE_ATTRIBUTES,
];

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
    /// What the collector is told beside, for instance who tells.
    pub otlp_headers: Vec<(String, Secret)>,
    /// What traces call this process, instead of its program's name.
    pub service_name: Option<String>,
    /// What traces say of this process.
    pub resource_attributes: Vec<(String, String)>,
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
            otlp_headers: headers(env),
            service_name: env.text(&SERVICE_NAME),
            resource_attributes: attributes(env),
            sample_ratio,
            parent_based,
        }
    }
}

fn headers(env: &mut Env) -> Vec<(String, Secret)> {
    let Some(text) = env.secret(&OTLP_HEADERS) else {
        return Vec::new();
    };
    let Some(pairs) = pairs(text.expose()) else {
        env.fault(
            &OTLP_HEADERS,
            format!("its value is not valid: {}", OTLP_HEADERS.help),
        );
        return Vec::new();
    };
    let secret = |(name, value): (String, String)| (name, Secret::from(value));
    pairs.into_iter().map(secret).collect()
}

fn attributes(env: &mut Env) -> Vec<(String, String)> {
    let text = env.text(&RESOURCE_ATTRIBUTES).unwrap_or_default();
    pairs(&text).unwrap_or_else(|| {
        env.fault(
            &RESOURCE_ATTRIBUTES,
            format!("`{text}` is not valid: {}", RESOURCE_ATTRIBUTES.help),
        );
        Vec::new()
    })
}

/// `name=value` separated by commas, values percent-encoded (OpenTelemetry, "Specifying headers via environment variables").
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let parts = text.split(',').map(str::trim);
    let pair = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        let name = name.trim();
        (!name.is_empty()).then(|| (name.to_owned(), value.into_owned()))
    };
    parts.filter(|part| !part.is_empty()).map(pair).collect()
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
            ("OTEL_EXPORTER_OTLP_HEADERS", "no pair"),
            ("OTEL_RESOURCE_ATTRIBUTES", "=nothing"),
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
                "OTEL_TRACES_SAMPLER",
                "OTEL_EXPORTER_OTLP_HEADERS",
                "OTEL_RESOURCE_ATTRIBUTES",
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

    #[test]
    fn headers_and_attributes_are_pairs_and_headers_are_secret() {
        let mut env = Env::from_pairs([
            (
                "OTEL_EXPORTER_OTLP_HEADERS",
                "authorization=Basic%20c2VjcmV0, x-team = a",
            ),
            (
                "OTEL_RESOURCE_ATTRIBUTES",
                "deployment.environment.name=stage",
            ),
        ]);
        let config = TelemetryConfig::read(&mut env);
        let headers = config.otlp_headers.iter();
        let told: Vec<_> = headers
            .map(|(name, value)| (name.as_str(), value.expose()))
            .collect();
        assert_eq!(told, [("authorization", "Basic c2VjcmV0"), ("x-team", "a")]);
        assert_eq!(config.resource_attributes[0].1, "stage");
        assert!(!format!("{config:?}").contains("c2VjcmV0"));
    }
}
