//! The page on which a person agrees. Here one picks who one is.

use axum::{
    Form,
    extract::{Query, State},
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;
use url::Url;

use super::grants::Code;
use crate::{
    simulation::{Shared, Simulation},
    world::{Id, User},
};

/// What the authorize URL says.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Wish {
    #[serde(default)]
    response_type: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    scope: String,
    state: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

/// What the page's form says.
#[derive(Debug, Deserialize)]
pub(crate) struct Decision {
    #[serde(flatten)]
    wish: Wish,
    user: Option<String>,
}

/// `GET /oauth2/authorize`
pub(crate) async fn page(State(simulation): State<Shared>, Query(wish): Query<Wish>) -> Response {
    if let Err(message) = wish.check(&simulation) {
        return (StatusCode::BAD_REQUEST, Html(format!("<h1>{message}</h1>"))).into_response();
    }
    if let Some(name) = &simulation.config.auto_approve {
        let user = simulation.read(|world| world.find_user(name));
        return user.map_or_else(|| wish.denied(), |user| wish.granted(&simulation, user));
    }
    let people: Vec<User> = simulation.read(|world| {
        world
            .users
            .values()
            .filter(|user| !user.bot)
            .cloned()
            .collect()
    });
    Html(wish.html(&people)).into_response()
}

/// `POST /oauth2/authorize`: a button was pressed.
pub(crate) async fn decide(
    State(simulation): State<Shared>,
    Form(decision): Form<Decision>,
) -> Response {
    if let Err(message) = decision.wish.check(&simulation) {
        return (StatusCode::BAD_REQUEST, Html(format!("<h1>{message}</h1>"))).into_response();
    }
    let user = decision.user.and_then(|name| {
        simulation.read(|world| world.find_user(&name).filter(|id| !world.users[id].bot))
    });
    user.map_or_else(
        || decision.wish.denied(),
        |user| decision.wish.granted(&simulation, user),
    )
}

impl Wish {
    /// What is wrong with it, if anything.
    fn check(&self, simulation: &Simulation) -> Result<(), &'static str> {
        if self.response_type != "code" {
            return Err("Unsupported response_type");
        }
        let expected = simulation.config.client_id.as_ref();
        if self.client_id.is_empty() || expected.is_some_and(|expected| *expected != self.client_id)
        {
            return Err("Unknown Application");
        }
        let absolute = Url::parse(&self.redirect_uri)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.fragment().is_none());
        if !absolute {
            return Err("Invalid OAuth2 redirect_uri");
        }
        if self.scope.trim().is_empty() {
            return Err("Invalid scope");
        }
        if self.code_challenge.is_some() && self.code_challenge_method.as_deref() != Some("S256") {
            return Err("Invalid code_challenge_method");
        }
        Ok(())
    }

    fn granted(&self, simulation: &Simulation, user: Id) -> Response {
        let scopes = self.scope.split_whitespace().map(str::to_owned).collect();
        let challenge = self.code_challenge.clone();
        let code = Code::new(&self.client_id, &self.redirect_uri, scopes, challenge, user);
        let code = simulation.lock().grants.issue_code(code);
        self.back(&[("code", &code)])
    }

    fn denied(&self) -> Response {
        let why = "The resource owner or authorization server denied the request";
        self.back(&[("error", "access_denied"), ("error_description", why)])
    }

    /// Back to where the person came from, with the state that was handed over.
    fn back(&self, answer: &[(&str, &str)]) -> Response {
        let Ok(mut url) = Url::parse(&self.redirect_uri) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        url.query_pairs_mut()
            .extend_pairs(answer)
            .extend_pairs(self.state.as_ref().map(|state| ("state", state)));
        HeaderValue::from_str(url.as_str()).map_or_else(
            |_| StatusCode::BAD_REQUEST.into_response(),
            |location| (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        )
    }

    fn html(&self, people: &[User]) -> String {
        let hidden: String = [
            ("response_type", Some(&self.response_type)),
            ("client_id", Some(&self.client_id)),
            ("redirect_uri", Some(&self.redirect_uri)),
            ("scope", Some(&self.scope)),
            ("state", self.state.as_ref()),
            ("code_challenge", self.code_challenge.as_ref()),
            ("code_challenge_method", self.code_challenge_method.as_ref()),
        ]
        .iter()
        .filter_map(|(name, value)| {
            Some(format!(
                r#"<input type="hidden" name="{name}" value="{}">"#,
                escape(value.as_ref()?)
            ))
        })
        .collect();
        let buttons: String = people.iter().map(button).collect();
        include_str!("page.html")
            .replace("{{scope}}", &escape(&self.scope))
            .replace("{{hidden}}", &hidden)
            .replace("{{people}}", &buttons)
    }
}

/// The button with which one becomes a user.
fn button(user: &User) -> String {
    let name = escape(&user.name);
    let shown = escape(user.global_name.as_ref().unwrap_or(&user.name));
    let picture = crate::cdn::avatar_path(user);
    let image = format!(r#"<img src="{picture}?size=64" alt="" width="40" height="40">"#);
    let label = format!("<span>{shown}<small>{name}</small></span>");
    format!(
        r#"<button name="user" value="{}" data-user="{name}">{image}{label}</button>"#,
        user.id
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
