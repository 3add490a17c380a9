use contracts::UserId;
use environment::Env;
use event_bus::WithoutRedis;
use serde_json::{Value, json};
use session_store::MemorySessions;
use tower_sessions::SessionStore;

use super::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const OTHER_SECRET: &str = "fedcba9876543210fedcba9876543210";

fn config(secret: &str, previous: &str) -> Config {
    let mut env = Env::from_pairs([
        ("SESSION_SECRET", secret),
        ("SESSION_SECRET_PREVIOUS", previous),
        ("DISCORD_CLIENT_ID", "1"),
        ("DISCORD_CLIENT_SECRET", "s"),
    ]);
    let config = Config::read_with(&mut env, WithoutRedis::Memory);
    env.finish().unwrap();
    config
}

/// Tokens of a replica with these secrets, on these sessions.
fn tokens(secret: &str, previous: &str, sessions: &Sessions) -> StreamTokens {
    let config = config(secret, previous);
    let secrets = std::iter::once(&config.session_secret).chain(&config.session_secret_previous);
    StreamTokens::new(&config, Vault::new(secrets), sessions.clone())
}

async fn somebody(sessions: &Sessions) -> SignedIn {
    let store = Arc::new(sessions.clone());
    let session = Session::new(None, store, Some(expiry(Duration::from_secs(60))));
    let user = User {
        id: UserId::new(42),
        username: "nelly".to_owned(),
        display_name: "Nelly".to_owned(),
        avatar_url: String::new(),
    };
    session.insert(USER, &user).await.unwrap();
    session.save().await.unwrap();
    let id = session.id().unwrap();
    SignedIn {
        user,
        id,
        session,
        sessions: sessions.clone(),
    }
}

/// The claims that a token tells to everybody.
fn told(token: &str) -> Value {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

/// The token with some claims changed, signed with our own key.
fn signed(tokens: &StreamTokens, token: &str, algorithm: Algorithm, changes: &Value) -> String {
    let mut claims = told(token);
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    encode(&Header::new(algorithm), &claims, &tokens.0.signing).unwrap()
}

#[tokio::test]
async fn a_token_is_of_its_session_until_that_is_over() {
    let sessions: Sessions = MemorySessions::new().into();
    let tokens = tokens(SECRET, "", &sessions);
    let signed_in = somebody(&sessions).await;
    let issued = tokens.issue(&signed_in).unwrap();
    let lifetime = issued.expires_at - now_ms();
    assert!((298_000..=300_000).contains(&lifetime), "{lifetime}");
    let verified = tokens.verify(&issued.token).await.unwrap();
    assert_eq!(verified.id, signed_in.id);
    assert_eq!(verified.user.id, signed_in.user.id);
    sessions.delete(&signed_in.id).await.unwrap();
    let refused = tokens.verify(&issued.token).await.unwrap_err();
    assert_eq!(refused, Refused::Invalid);
}

#[tokio::test]
async fn a_token_does_not_tell_the_id_of_its_session() {
    let sessions: Sessions = MemorySessions::new().into();
    let tokens = tokens(SECRET, "", &sessions);
    let signed_in = somebody(&sessions).await;
    let token = tokens.issue(&signed_in).unwrap().token;
    let claims = told(&token).to_string();
    assert!(claims.contains("\"42\""), "{claims}");
    assert!(!claims.contains(&signed_in.id.to_string()));
    assert!(!claims.contains(&signed_in.id.0.to_string()));
    assert!(!claims.contains(&session_store::tag(&signed_in.id)));
}

#[tokio::test]
async fn what_is_not_exactly_such_a_token_is_refused() {
    let sessions: Sessions = MemorySessions::new().into();
    let tokens = tokens(SECRET, "", &sessions);
    let signed_in = somebody(&sessions).await;
    let token = tokens.issue(&signed_in).unwrap().token;
    let unchanged = signed(&tokens, &token, Algorithm::HS256, &json!({}));
    assert!(tokens.verify(&unchanged).await.is_ok());
    let past = now_ms() / 1_000 - LEEWAY_SECONDS - 1;
    let changed = |changes| signed(&tokens, &token, Algorithm::HS256, &changes);
    let parts: Vec<&str> = token.split('.').collect();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let bad = [
        ("expired", changed(json!({"exp": past}))),
        ("no end", changed(json!({"exp": null}))),
        ("another audience", changed(json!({"aud": "fanfare"}))),
        (
            "another deployment",
            changed(json!({"iss": "https://evil.example"})),
        ),
        ("another user", changed(json!({"sub": "43"}))),
        (
            "a session in clear",
            changed(json!({"sid": signed_in.id.to_string()})),
        ),
        (
            "another algorithm",
            signed(&tokens, &token, Algorithm::HS512, &json!({})),
        ),
        ("alg none", format!("{none}.{}.", parts[1])),
        (
            "alg none, signed",
            format!("{none}.{}.{}", parts[1], parts[2]),
        ),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("nothing", String::new()),
        ("garbage", "a.b.c".to_owned()),
        ("too long", "a".repeat(LONGEST + 1)),
    ];
    for (what, token) in bad {
        let outcome = tokens.verify(&token).await.map(|signed_in| signed_in.id);
        assert_eq!(outcome, Err(Refused::Invalid), "{what}");
    }
}

#[tokio::test]
async fn a_token_outlives_a_rotation_of_the_secret_but_not_its_removal() {
    let sessions: Sessions = MemorySessions::new().into();
    let signed_in = somebody(&sessions).await;
    let token = tokens(SECRET, "", &sessions)
        .issue(&signed_in)
        .unwrap()
        .token;
    let rotated = tokens(OTHER_SECRET, SECRET, &sessions);
    assert!(rotated.verify(&token).await.is_ok());
    let removed = tokens(OTHER_SECRET, "", &sessions);
    assert_eq!(removed.verify(&token).await.unwrap_err(), Refused::Invalid);
}
