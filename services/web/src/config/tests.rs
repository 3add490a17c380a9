use super::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn read(more: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let mut pairs = vec![
        ("SESSION_SECRET", SECRET),
        ("DISCORD_CLIENT_ID", "1"),
        ("DISCORD_CLIENT_SECRET", "s"),
    ];
    pairs.extend_from_slice(more);
    let mut env = Env::from_pairs(pairs);
    let config = Config::read_with(&mut env, WithoutRedis::Memory);
    match env.finish() {
        Ok(()) => Ok(config),
        Err(error) => Err(error.faults.iter().map(ToString::to_string).collect()),
    }
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    let mut env = Env::from_pairs([("PORT", "many"), ("HOME", "/")]);
    Config::read(&mut env);
    let error = env.finish().unwrap_err().to_string();
    for name in [
        "PORT",
        "SESSION_SECRET",
        "DISCORD_CLIENT_ID",
        "DISCORD_CLIENT_SECRET",
        "REDIS_URL",
    ] {
        assert!(error.contains(name), "{name} is not named:\n{error}");
    }
}

#[test]
fn plain_http_is_for_loopback_only() {
    for good in [
        "https://fanfare.example",
        "http://localhost:3000",
        "http://127.0.0.1:1",
        "http://[::1]:9",
    ] {
        assert!(read(&[("BASE_URL", good)]).is_ok(), "{good}");
    }
    for bad in [
        "http://fanfare.example",
        "http://localhost.evil.example",
        "ftp://localhost",
        "https://a.example/path",
        "fanfare",
    ] {
        let faults = read(&[("BASE_URL", bad)]).unwrap_err();
        assert!(faults[0].starts_with("BASE_URL"), "{faults:?}");
    }
}

#[test]
fn the_cookie_is_bound_to_the_host_unless_a_domain_is_given() {
    let config = read(&[("BASE_URL", "https://f.example.com")]).unwrap();
    assert_eq!(config.cookie_name(), "__Host-fanfare");
    let shared = [
        ("BASE_URL", "https://f.example.com"),
        ("COOKIE_DOMAIN", ".example.com"),
    ];
    let config = read(&shared).unwrap();
    assert_eq!(
        (config.cookie_name(), config.cookie_domain.as_deref()),
        ("__Secure-fanfare", Some("example.com"))
    );
    for bad in ["other.com", "com", "xample.com"] {
        assert!(
            read(&[
                ("BASE_URL", "https://f.example.com"),
                ("COOKIE_DOMAIN", bad)
            ])
            .is_err(),
            "{bad}"
        );
    }
}

#[test]
fn origins_are_exact_and_secrets_are_long() {
    let config = read(&[(
        "ALLOWED_ORIGINS",
        "https://a.example, http://localhost:5173",
    )])
    .unwrap();
    assert_eq!(
        config.allowed_origins,
        ["https://a.example", "http://localhost:5173"]
    );
    for bad in ["*", "https://a.example/path", "http://a.example", "null"] {
        assert!(read(&[("ALLOWED_ORIGINS", bad)]).is_err(), "{bad}");
    }
    assert!(read(&[("SESSION_SECRET_PREVIOUS", "short")]).is_err());
    assert!(read(&[("SESSION_TTL", "0")]).is_err());
}

#[test]
fn the_redirect_address_is_what_has_to_be_registered() {
    let config = read(&[("BASE_URL", "https://f.example.com/")]).unwrap();
    assert_eq!(config.redirect_uri(), "https://f.example.com/auth/callback");
}
