//! What the environment says where the user says nothing.

use std::net::{Ipv4Addr, TcpListener};

use environment::{Env, Variable};

use crate::secrets::random;

const PORT: Variable = Variable::new("PORT", "the port of the page; 0 = any").or("3000");
const SIM_PORT: Variable =
    Variable::new("SIM_PORT", "the port of the simulator; 0 = any").or("4000");
const GATEWAY_WS_PORT: Variable =
    Variable::new("GATEWAY_WS_PORT", "the port of the gateway; 0 = any").or("8080");
const METRICS_PORT: Variable =
    Variable::new("METRICS_PORT", "the port of /metrics; 0 = any").or("9101");

/// One process against Discord. Sessions live in memory, so a secret that ends with the process is as good as any.
pub(crate) fn run(env: &mut Env) {
    env.set_default("LOG_FORMAT", "pretty");
    if !env.is_set("SESSION_SECRET_FILE") {
        env.set_default("SESSION_SECRET", random());
    }
    choose_ports(env, &[&PORT, &GATEWAY_WS_PORT, &METRICS_PORT]);
    name_page(env);
}

/// One process with its own Discord: nothing of a real Discord or a real Redis is used, whatever the environment says.
pub(crate) fn demo(env: &mut Env) {
    env.set_default("LOG_FORMAT", "pretty");
    env.set_default("RUST_LOG", "warn,fanfare=info");
    env.set_default("BIND", "127.0.0.1");
    choose_ports(env, &[&PORT, &SIM_PORT, &GATEWAY_WS_PORT, &METRICS_PORT]);
    name_page(env);
    let discord = format!(
        "http://127.0.0.1:{}",
        env.text(&SIM_PORT).unwrap_or_default()
    );
    env.set("DISCORD_BOT_TOKEN", random());
    env.set("DISCORD_CLIENT_ID", "1000000000000000001");
    env.set("DISCORD_CLIENT_SECRET", random());
    env.set("DISCORD_API_URL", format!("{discord}/api/v10"));
    env.set(
        "DISCORD_AUTHORIZE_URL",
        format!("{discord}/oauth2/authorize"),
    );
    env.set("DISCORD_CDN_URL", format!("{discord}/cdn"));
    env.set("DISCORD_INTENTS", "36739");
    env.set("SESSION_SECRET", random());
    for name in [
        "DISCORD_GATEWAY_URL",
        "DISCORD_GUILD_ID",
        "VITE_DISCORD_GUILD_ID",
        "DISCORD_GUILDS",
    ] {
        env.unset(name);
    }
    for name in [
        "REDIS_URL",
        "REDIS_HOST",
        "EVENT_BUS",
        "GATEWAY_REGISTRY",
        "SESSION_STORE",
        "DATABASE_URL",
    ] {
        env.unset(name);
    }
}

/// The page is where it listens, unless the user says where a proxy shows it.
fn name_page(env: &mut Env) {
    if !env.is_set("VITE_BASE_URL") {
        let port = env.text(&PORT).unwrap_or_default();
        env.set_default("BASE_URL", format!("http://localhost:{port}"));
    }
}

/// Puts a free port in the place of each 0, so that addresses can be named before anything listens.
fn choose_ports(env: &mut Env, variables: &[&Variable]) {
    // All are held until all are chosen, or the system might hand out one of them twice.
    let mut held = Vec::new();
    for variable in variables {
        if env.text(variable).as_deref() == Some("0")
            && let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            && let Ok(addr) = listener.local_addr()
        {
            env.set(variable.name, addr.port().to_string());
            held.push(listener);
        } else if let Some(default) = variable.default {
            env.set_default(variable.name, default);
        }
    }
}
