use super::*;

const TOKEN: (&str, &str) = (
    "DISCORD_BOT_TOKEN",
    "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs",
);
const LINK: (&str, &str) = ("LINK_TOKEN", "a-token-of-thirty-two-characters");
const REDIS: (&str, &str) = ("REDIS_URL", "redis://127.0.0.1:6379");

fn read(pairs: &[(&str, &str)]) -> (Config, Vec<(&'static str, String)>) {
    let mut env = Env::from_pairs(pairs.iter().copied());
    let config = Config::read(&mut env);
    let faults = env
        .finish()
        .err()
        .map(|error| error.faults)
        .unwrap_or_default();
    (
        config,
        faults
            .into_iter()
            .map(|fault| (fault.variable, fault.message))
            .collect(),
    )
}

#[test]
fn a_token_and_a_redis_are_enough() {
    let (config, faults) = read(&[TOKEN, REDIS]);
    assert_eq!(faults, []);
    assert_eq!(config.intents, Intents::UNPRIVILEGED);
    assert_eq!((config.port, config.metrics_port), (8080, Some(9101)));
    assert_eq!(config.api_url, "https://discord.com/api/v10");
    assert_eq!(config.cdn_url, "https://cdn.discordapp.com");
    assert_eq!(
        (config.shard_count, config.guilds, config.gateway_url),
        (None, None, None)
    );
    assert!(matches!(config.bus, BusConfig::Redis { .. }));
    assert!(matches!(config.registry, RegistryConfig::Redis(_)));
}

#[test]
fn every_fault_is_named_at_once_and_no_secret_is_shown() {
    let (_, faults) = read(&[
        ("DISCORD_BOT_TOKEN", "Bot hunter2"),
        ("DISCORD_GUILD_ID", "7"),
        ("DISCORD_GUILDS", "8, nine"),
        ("DISCORD_INTENTS", "128"),
        ("DISCORD_API_URL", "https://discord.com/api"),
        ("DISCORD_GATEWAY_URL", "gateway.discord.gg"),
        ("SHARD_COUNT", "0"),
        ("LINK_TOKEN", "hunter2"),
        ("LINK_ADVERTISE_URL", "http://gateway:8080"),
        ("GATEWAY_WS_PORT", "http"),
    ]);
    let names: Vec<_> = faults.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "DISCORD_BOT_TOKEN",
            "DISCORD_GUILDS",
            "DISCORD_GUILD_ID",
            "DISCORD_INTENTS",
            "DISCORD_API_URL",
            "DISCORD_GATEWAY_URL",
            "SHARD_COUNT",
            "LINK_TOKEN",
            "LINK_ADVERTISE_URL",
            "GATEWAY_WS_PORT",
        ]
    );
    assert!(
        faults
            .iter()
            .all(|(_, message)| !message.contains("hunter2")),
        "{faults:?}"
    );
}

#[test]
fn without_redis_the_program_says_what_to_set_and_the_all_in_one_goes_on() {
    let (_, faults) = read(&[TOKEN]);
    assert!(
        faults
            .iter()
            .any(|(_, message)| message.contains("REDIS_URL")),
        "{faults:?}"
    );
    let (config, faults) = read(&[TOKEN, LINK]);
    assert_eq!(faults, []);
    assert!(matches!(config.bus, BusConfig::Served { .. }));
    assert!(matches!(config.registry, RegistryConfig::Single));
    let mut env = Env::from_pairs([TOKEN]);
    let config = Config::read_with(&mut env, WithoutRedis::Memory);
    env.finish().unwrap();
    assert!(matches!(config.bus, BusConfig::Memory { .. }));
}

#[test]
fn numbers_lists_and_addresses_are_read() {
    let (config, faults) = read(&[
        TOKEN,
        REDIS,
        ("VITE_DISCORD_GUILD_ID", "8"),
        ("DISCORD_GUILDS", "7, 8"),
        ("DISCORD_API_URL", "http://127.0.0.1:4000/api/v10/"),
        ("DISCORD_CDN_URL", "http://127.0.0.1:4000/cdn/"),
        ("SHARD_COUNT", "4"),
    ]);
    assert_eq!(faults, []);
    assert_eq!(config.api_url, "http://127.0.0.1:4000/api/v10");
    assert_eq!(config.cdn_url, "http://127.0.0.1:4000/cdn");
    assert_eq!(config.shard_count, Some(4));
    assert_eq!(config.guilds.map(|guilds| guilds.len()), Some(2));
    assert_eq!(config.default_guild, Some(GuildId::new(8)));
}

#[test]
fn help_names_each_variable_once() {
    let mut names: Vec<_> = VARIABLES.iter().map(|variable| variable.name).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    assert!(names.contains(&"REDIS_URL") && names.contains(&"LOG_FORMAT"));
}
