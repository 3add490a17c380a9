use std::{collections::BTreeMap, sync::atomic::AtomicUsize, sync::atomic::Ordering};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use contracts::{GuildId, RoleId};
use environment::Env;
use event_bus::WithoutRedis;
use limits::MemoryLimits;
use serde_json::json;
use session_store::{MemorySessions, Sessions};
use tokio::net::TcpListener;

use super::*;
use crate::{
    config::Config,
    discord::Tokens,
    hub::tests::script::Stage,
    session::{
        expiry,
        kept::{KeptTokens, TOKENS},
    },
};

const USER: UserId = UserId::new(7);

/// What Discord answers to the question after a member: a status, and what it asks to wait.
type Answers = Arc<Mutex<BTreeMap<u64, (u16, &'static str)>>>;

#[derive(Clone, Default)]
struct Discords {
    answers: Answers,
    /// Guilds of the user.
    guilds: Arc<Mutex<Vec<u64>>>,
    /// Questions after members.
    asked: Arc<AtomicUsize>,
    /// What the question after the guilds is answered with.
    limited: Arc<AtomicUsize>,
}

async fn guilds(State(discord): State<Discords>) -> Response {
    if discord.limited.load(Ordering::Relaxed) > 0 {
        discord.limited.fetch_add(1, Ordering::Relaxed);
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")]).into_response();
    }
    let guilds = discord.guilds.lock();
    let list: Vec<_> = guilds
        .iter()
        .map(|id| json!({"id": id.to_string()}))
        .collect();
    Json(list).into_response()
}

async fn member(State(discord): State<Discords>, Path(guild): Path<u64>) -> Response {
    discord.asked.fetch_add(1, Ordering::Relaxed);
    match discord.answers.lock().get(&guild).copied() {
        Some((status, wait)) => {
            let status = StatusCode::from_u16(status).unwrap();
            (status, [(header::RETRY_AFTER, wait)]).into_response()
        }
        None => Json(json!({"roles": ["30", "20"], "joined_at": "1970-01-01T00:00:01+00:00"}))
            .into_response(),
    }
}

/// Somebody who is in guilds 1, 2 and 9; the bot is in 1, 2 and 3.
async fn ground(ttl: Duration) -> (Discords, Memberships, Session, Stage) {
    let discords = Discords::default();
    *discords.guilds.lock() = vec![1, 2, 9];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    let router = Router::new()
        .route("/api/users/@me/guilds", get(guilds))
        .route("/api/users/@me/guilds/{guild}/member", get(member))
        .with_state(discords.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut env = Env::from_pairs([
        ("SESSION_SECRET", "0123456789abcdef0123456789abcdef"),
        ("DISCORD_CLIENT_ID", "1"),
        ("DISCORD_CLIENT_SECRET", "s"),
        ("DISCORD_API_URL", &url),
    ]);
    let config = Config::read_with(&mut env, WithoutRedis::Memory);
    env.finish().unwrap();
    let stage = Stage::new(&[1, 2, 3].map(GuildId::new)).await;
    let vault = Vault::new([&config.session_secret]);
    let memberships = Memberships::new(
        Arc::new(Discord::new(&config).unwrap()),
        Arc::new(stage.script.clone()),
        Arc::new(MemoryLimits::default()),
        vault.clone(),
        ttl,
    );
    let sessions: Sessions = MemorySessions::new().into();
    let session = Session::new(
        None,
        Arc::new(sessions),
        Some(expiry(Duration::from_secs(60))),
    );
    let tokens = Tokens {
        access: "access".to_owned(),
        refresh: None,
        expires_at: u64::MAX,
    };
    let kept = KeptTokens::seal(&vault, &tokens, 0);
    session.insert(TOKENS, kept).await.unwrap();
    session.save().await.unwrap();
    (discords, memberships, session, stage)
}

fn ids(known: &Known) -> Vec<u64> {
    known.ids().iter().map(|id| id.get()).collect()
}

#[tokio::test]
async fn a_user_is_known_in_the_guilds_that_the_bot_is_in_with_roles_in_order() {
    let (discord, memberships, session, _stage) = ground(Duration::from_secs(60)).await;
    let known = memberships.of(USER, &session).await.unwrap();
    assert_eq!(ids(&known), [1, 2]);
    let standing = known.of(GuildId::new(2)).unwrap();
    assert_eq!(*standing.roles, [RoleId::new(20), RoleId::new(30)]);
    assert_eq!(
        (standing.joined_at, standing.timed_out_until),
        (Some(1_000), None)
    );
    assert_eq!(
        discord.asked.load(Ordering::Relaxed),
        2,
        "foreign guilds are not asked for"
    );
    memberships.of(USER, &session).await.unwrap();
    assert_eq!(discord.asked.load(Ordering::Relaxed), 2, "believed");
    discord.guilds.lock().retain(|guild| *guild != 2);
    memberships.forget(USER);
    assert_eq!(ids(&memberships.of(USER, &session).await.unwrap()), [1]);
}

#[tokio::test]
async fn what_fails_for_one_guild_does_not_take_the_others_nor_what_was_known() {
    let (discord, memberships, session, _stage) = ground(Duration::ZERO).await;
    discord.answers.lock().insert(2, (500, "0"));
    assert_eq!(ids(&memberships.of(USER, &session).await.unwrap()), [1]);
    discord.answers.lock().clear();
    assert_eq!(ids(&memberships.of(USER, &session).await.unwrap()), [1, 2]);
    discord.answers.lock().insert(2, (429, "30"));
    let known = memberships.of(USER, &session).await.unwrap();
    assert_eq!(ids(&known), [1, 2], "what the user was there holds");
    // Discord says that the user is no member there.
    discord.answers.lock().insert(2, (404, "0"));
    assert_eq!(ids(&memberships.of(USER, &session).await.unwrap()), [1]);
}

#[tokio::test]
async fn a_lost_membership_is_told_once_and_a_failure_or_the_bots_leaving_is_none() {
    let (discord, memberships, session, stage) = ground(Duration::ZERO).await;
    let mut heard = stage.signals();
    memberships.of(USER, &session).await.unwrap();
    discord.answers.lock().insert(1, (500, "0"));
    memberships.of(USER, &session).await.unwrap();
    discord.answers.lock().clear();
    discord.answers.lock().insert(2, (404, "0"));
    memberships.of(USER, &session).await.unwrap();
    memberships.of(USER, &session).await.unwrap();
    discord.guilds.lock().clear();
    memberships.of(USER, &session).await.unwrap();
    let lost = |guild| contracts::Signal::MembershipLost {
        user_id: USER,
        guild_id: GuildId::new(guild),
    };
    assert_eq!(heard.recv().await, Some(lost(2)));
    assert_eq!(heard.recv().await, Some(lost(1)));
    assert!(heard.try_recv().is_err());
}

#[tokio::test]
async fn what_another_replica_was_told_holds_here_without_a_question() {
    let (discord, memberships, session, _stage) = ground(Duration::from_secs(60)).await;
    memberships.of(USER, &session).await.unwrap();
    let asked = discord.asked.load(Ordering::Relaxed);
    memberships.lost(USER, GuildId::new(2));
    memberships.lost(UserId::new(8), GuildId::new(2));
    assert_eq!(ids(&memberships.of(USER, &session).await.unwrap()), [1]);
    assert_eq!(discord.asked.load(Ordering::Relaxed), asked);
}

#[tokio::test]
async fn discord_is_not_asked_before_it_wants_to_be() {
    let (discord, memberships, session, _stage) = ground(Duration::ZERO).await;
    memberships.of(USER, &session).await.unwrap();
    discord.limited.store(1, Ordering::Relaxed);
    for _ in 0..3 {
        let known = memberships.of(USER, &session).await.unwrap();
        assert_eq!(ids(&known), [1, 2], "the last known ones hold");
    }
    assert_eq!(discord.limited.load(Ordering::Relaxed), 2, "asked once");
}

#[tokio::test]
async fn an_authorization_that_can_not_be_renewed_is_over_everywhere() {
    let (_discord, memberships, session, stage) = ground(Duration::ZERO).await;
    let mut heard = stage.signals();
    let (id, store) = (session.id().unwrap(), session.clone());
    let tokens = memberships.tokens(&session).await.unwrap();
    let outcome = memberships.renew(&session, &tokens).await;
    assert!(matches!(outcome, Err(MembershipError::SignedOut)));
    assert!(store.get_value(TOKENS).await.unwrap().is_none());
    let tag = session_store::tag(&id);
    let heard = heard.recv().await.unwrap();
    assert_eq!(heard, contracts::Signal::SessionEnded { session: tag });
}
