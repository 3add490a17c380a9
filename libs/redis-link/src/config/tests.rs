use super::*;

fn read(pairs: &[(&str, &str)]) -> (Option<RedisConfig>, Vec<&'static str>) {
    let mut env = Env::from_pairs(pairs.iter().copied());
    let config = RedisConfig::read(&mut env);
    let faults = env.finish().map_or_else(
        |error| error.faults.iter().map(|fault| fault.variable).collect(),
        |()| Vec::new(),
    );
    (config, faults)
}

#[test]
fn nothing_set_means_no_redis() {
    let (config, faults) = read(&[]);
    assert!(config.is_none() && faults.is_empty(), "{faults:?}");
}

#[test]
fn an_address_may_be_given_whole_or_in_parts() {
    let (config, faults) = read(&[
        ("REDIS_URL", "redis://:pw@127.0.0.1:7000/2"),
        ("REDIS_PREFIX", "a:b"),
    ]);
    let config = config.unwrap();
    assert!(faults.is_empty());
    assert_eq!(config.prefix, "a:b");
    assert_eq!(config.client.database, Some(2));

    let parts = [("REDIS_HOST", "::1"), ("REDIS_PASSWORD", "p@ss/w:rd%")];
    assert_eq!(
        read(&parts).1,
        ["REDIS_HOST"],
        "an IPv6 address needs brackets"
    );
    let parts = [
        ("REDIS_HOST", "redis.internal"),
        ("REDIS_PORT", "7001"),
        ("REDIS_PASSWORD", "p@ss/w:rd%"),
    ];
    let config = read(&parts).0.unwrap();
    assert_eq!(config.prefix, "discord");
    assert_eq!(config.client.password.as_deref(), Some("p@ss/w:rd%"));
    assert_eq!(config.client.server.hosts()[0].port, 7001);
}

#[test]
fn what_is_wrong_is_a_fault_of_its_variable_and_never_quotes_the_password() {
    for (pairs, variable) in [
        (
            vec![("REDIS_URL", "http://:hunter2@localhost")],
            "REDIS_URL",
        ),
        (vec![("REDIS_URL", "hunter2")], "REDIS_URL"),
        (
            vec![("REDIS_URL", "redis://:hunter2@localhost/many")],
            "REDIS_URL",
        ),
        (
            vec![("REDIS_URL", "redis://:hunter2@localhost:99999")],
            "REDIS_URL",
        ),
        (vec![("REDIS_HOST", "a b")], "REDIS_HOST"),
        (vec![("REDIS_HOST", "a"), ("REDIS_PORT", "x")], "REDIS_PORT"),
        (
            vec![("REDIS_PREFIX", "{x}"), ("REDIS_HOST", "a")],
            "REDIS_PREFIX",
        ),
    ] {
        let mut env = Env::from_pairs(pairs);
        let _ = RedisConfig::read(&mut env);
        let error = env.finish().unwrap_err();
        assert_eq!(error.faults[0].variable, variable);
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn the_password_is_not_shown() {
    let config = RedisConfig::new("redis://:hunter2@localhost".into(), "p").unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
}
