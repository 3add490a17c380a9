use super::*;

fn read(pairs: &[(&str, &str)], default: WithoutRedis) -> (BusConfig, Vec<String>) {
    let mut env = Env::from_pairs(pairs.iter().copied());
    let config = BusConfig::read(&mut env, default);
    let faults = env.finish().map_or_else(
        |error| error.faults.iter().map(ToString::to_string).collect(),
        |()| Vec::new(),
    );
    (config, faults)
}

#[test]
fn redis_is_chosen_where_it_is_configured() {
    let (config, faults) = read(&[("REDIS_HOST", "localhost")], WithoutRedis::Memory);
    assert!(
        matches!(config, BusConfig::Redis { .. }) && faults.is_empty(),
        "{faults:?}"
    );
    let pairs = [("REDIS_HOST", "localhost"), ("EVENT_BUS", "memory")];
    assert!(matches!(
        read(&pairs, WithoutRedis::Fault).0,
        BusConfig::Memory { .. }
    ));
}

#[test]
fn without_redis_the_caller_decides() {
    let (config, faults) = read(&[], WithoutRedis::Memory);
    assert!(matches!(config, BusConfig::Memory { .. }) && faults.is_empty());
    assert_eq!(config.retention(), Retention::default());
    let (_, faults) = read(&[], WithoutRedis::Fault);
    assert_eq!(faults.len(), 1);
    assert!(faults[0].contains("set REDIS_URL"), "{faults:?}");
}

#[test]
fn what_is_wrong_is_named_once() {
    for (pairs, says) in [
        (
            vec![("EVENT_BUS", "kafka")],
            "EVENT_BUS: is `kafka`: memory or redis",
        ),
        (vec![("EVENT_BUS", "link")], "EVENT_BUS: `link`"),
        (
            vec![("EVENT_BUS", "redis")],
            "EVENT_BUS: is `redis`, so REDIS_URL",
        ),
        (
            vec![("EVENT_BUS", "redis"), ("REDIS_URL", "http://x")],
            "REDIS_URL: ",
        ),
        (
            vec![("EVENT_BUS", "memory"), ("EVENT_RETENTION_SECONDS", "0")],
            "EVENT_RETENTION_SECONDS: is 0",
        ),
        (
            vec![("EVENT_BUS", "memory"), ("EVENT_RETENTION_ENTRIES", "-1")],
            "EVENT_RETENTION_ENTRIES: ",
        ),
    ] {
        let (_, faults) = read(&pairs, WithoutRedis::Fault);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with(says), "{faults:?}");
    }
}
