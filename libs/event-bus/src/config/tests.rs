use super::*;

fn endpoint() -> Endpoint {
    Endpoint::new("ws://gateway:8080", environment::Secret::from("t")).unwrap()
}

fn read(pairs: &[(&str, &str)], end: LinkEnd) -> (BusConfig, Vec<String>) {
    let mut env = Env::from_pairs(pairs.iter().copied());
    let config = BusConfig::read(&mut env, end);
    let faults = env.finish().map_or_else(
        |error| error.faults.iter().map(ToString::to_string).collect(),
        |()| Vec::new(),
    );
    (config, faults)
}

#[test]
fn redis_is_chosen_where_it_is_configured() {
    let (config, faults) = read(&[("REDIS_HOST", "localhost")], LinkEnd::Within);
    assert!(
        matches!(config, BusConfig::Redis { .. }) && faults.is_empty(),
        "{faults:?}"
    );
    let pairs = [("REDIS_HOST", "localhost"), ("EVENT_BUS", "memory")];
    assert!(matches!(
        read(&pairs, LinkEnd::Asks(None)).0,
        BusConfig::Memory { .. }
    ));
}

#[test]
fn without_redis_the_caller_decides() {
    let (config, faults) = read(&[], LinkEnd::Within);
    assert!(matches!(config, BusConfig::Memory { .. }) && faults.is_empty());
    assert_eq!(config.retention(), Retention::default());
    for (end, missing) in [
        (LinkEnd::Asks(None), "GATEWAY_WS_URL"),
        (LinkEnd::Serves { token: false }, "LINK_TOKEN"),
    ] {
        let (_, faults) = read(&[], end.clone());
        assert_eq!(faults.len(), 1);
        assert!(
            faults[0].contains("set REDIS_URL") && faults[0].contains(missing),
            "{faults:?}"
        );
        let (_, faults) = read(&[("EVENT_BUS", "link")], end);
        assert!(
            faults[0].contains("is `link`") && faults[0].contains(missing),
            "{faults:?}"
        );
    }
}

#[test]
fn link_is_chosen_by_name_or_for_lack_of_redis() {
    let by_name = [("EVENT_BUS", "link"), ("REDIS_HOST", "localhost")];
    for pairs in [&by_name[..], &[]] {
        let (config, faults) = read(pairs, LinkEnd::Serves { token: true });
        assert!(
            matches!(config, BusConfig::Served { .. }) && faults.is_empty(),
            "{faults:?}"
        );
        let (config, faults) = read(pairs, LinkEnd::Asks(Some(endpoint())));
        assert!(
            matches!(config, BusConfig::Link { .. }) && faults.is_empty(),
            "{faults:?}"
        );
    }
    let (config, _) = read(&by_name[1..], LinkEnd::Asks(Some(endpoint())));
    assert!(matches!(config, BusConfig::Redis { .. }));
    let (_, faults) = read(&by_name, LinkEnd::Within);
    assert!(faults[0].contains("one process"), "{faults:?}");
}

#[test]
fn what_is_wrong_is_named_once() {
    for (pairs, says) in [
        (
            vec![("EVENT_BUS", "kafka")],
            "EVENT_BUS: is `kafka`: redis, link",
        ),
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
        let (_, faults) = read(&pairs, LinkEnd::Asks(None));
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with(says), "{faults:?}");
    }
}
