use super::*;

const PORT: Variable = Variable::new("PORT", "a port number").or("3000");
const TOKEN: Variable = Variable::new("LINK_TOKEN", "32 characters or more").secret();
const GUILD: Variable =
    Variable::new("DISCORD_GUILD_ID", "a guild's id").alias(&["VITE_DISCORD_GUILD_ID"]);

const REDIS: Variable = Variable::new("REDIS_URL", "an address").secret_address();

#[test]
fn every_fault_is_reported_at_once_and_names_its_variable() {
    let mut env = Env::from_pairs([("PORT", "many"), ("LINK_TOKEN", "hunter2")]);
    let port: u16 = env.parse_or(&PORT, 0);
    env.required_secret(&TOKEN, 32);
    env.required(&GUILD);
    let error = env.finish().unwrap_err();
    assert_eq!(port, 0);
    let names: Vec<_> = error.faults.iter().map(|fault| fault.variable).collect();
    assert_eq!(names, ["PORT", "LINK_TOKEN", "DISCORD_GUILD_ID"]);
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn defaults_aliases_and_files_are_used() {
    let dir = std::env::temp_dir().join(format!("environment-{}", std::process::id()));
    std::fs::write(&dir, "s3cret\n").unwrap();
    let path = dir.to_str().unwrap();
    let mut env = Env::from_pairs([("VITE_DISCORD_GUILD_ID", "7"), ("LINK_TOKEN_FILE", path)]);
    assert_eq!(env.parse_or::<u16>(&PORT, 0), 3000);
    assert_eq!(env.required(&GUILD), "7");
    assert_eq!(env.secret(&TOKEN).unwrap().expose(), "s3cret");
    env.finish().unwrap();
    std::fs::remove_file(dir).unwrap();
}

#[test]
fn an_empty_value_counts_as_not_set() {
    let mut env = Env::from_pairs([("PORT", "  ")]);
    assert_eq!(env.parse_or::<u16>(&PORT, 0), 3000);
}

#[test]
fn a_near_miss_is_pointed_out() {
    let env = Env::from_pairs([
        ("LINK_TOKN", "x"),
        ("HOME", "/"),
        ("PORT", "1"),
        ("LINK_TOKEN_FILE", "f"),
    ]);
    assert_eq!(
        env.near_misses(&[PORT, TOKEN]),
        [("LINK_TOKN".to_owned(), "LINK_TOKEN")]
    );
}

#[test]
fn the_file_of_what_is_no_secret_is_not_read_and_told() {
    let env = Env::from_pairs([("PORT_FILE", "/run/port"), ("LINK_TOKEN_FILE", "f")]);
    assert_eq!(
        env.near_misses(&[PORT, TOKEN]),
        [("PORT_FILE".to_owned(), "PORT")]
    );
}

#[test]
fn an_empty_file_is_told_with_what_the_secret_is() {
    let mut env = Env::from_pairs([("LINK_TOKEN_FILE", "/dev/null")]);
    env.required_secret(&TOKEN, 32);
    let told = env.finish().unwrap_err().to_string();
    assert!(
        told.contains("LINK_TOKEN: is not set, and the file /dev/null is empty"),
        "{told}"
    );
    assert!(told.contains(TOKEN.help), "{told}");
}

#[test]
fn what_looks_like_ours_and_is_nobodys_is_told() {
    let env = Env::from_pairs([
        ("LINK_COLOUR", "green"),
        ("DISCORD_BOT_TOKEN", "of another program of ours"),
        ("REDIS_PORT_6379_TCP_ADDR", "of Kubernetes"),
        ("REDIS_SERVICE_HOST", "of Kubernetes"),
        ("EDITOR", "vi"),
        ("LINK_TOKN", "nearly"),
    ]);
    assert_eq!(env.strangers(&[PORT, TOKEN]), ["LINK_COLOUR"]);
}

#[test]
fn a_setting_says_where_it_comes_from_and_no_secret() {
    let mut env = Env::from_pairs([
        ("VITE_DISCORD_GUILD_ID", "7"),
        ("LINK_TOKEN", "hunter2"),
        (
            "REDIS_URL",
            "rediss://user:hunter2@redis.example:6380/0?x=hunter2",
        ),
    ]);
    let shown = |env: &Env, variable: &Variable| {
        let setting = env.setting(variable);
        (
            setting.value.unwrap_or_default(),
            setting.origin.to_string(),
        )
    };
    let pair = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
    assert_eq!(shown(&env, &PORT), pair("3000", "default"));
    assert_eq!(
        shown(&env, &GUILD),
        pair("7", "environment, as VITE_DISCORD_GUILD_ID")
    );
    assert_eq!(shown(&env, &TOKEN), pair("********", "environment"));
    assert_eq!(
        shown(&env, &REDIS),
        pair(
            "rediss://********@redis.example:6380/0?********",
            "environment"
        )
    );
    env.set("PORT", "1");
    assert_eq!(shown(&env, &PORT), pair("1", "chosen by the program"));
    let env = Env::from_pairs([("LINK_TOKEN_FILE", "/nowhere/at all")]);
    assert_eq!(
        shown(&env, &TOKEN),
        pair("********", "file /nowhere/at all")
    );
    let env = Env::from_pairs([("HOME", "/")]);
    assert_eq!(env.setting(&TOKEN).value, None);
    assert_eq!(env.setting(&TOKEN).origin, Origin::Unset);
}
