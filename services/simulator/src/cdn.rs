//! Pictures: a disc with a pattern, the same for the same name. Source: API Reference, "Image Formatting".

use axum::{
    Router,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    png,
    simulation::Shared,
    world::{Id, User},
};

/// The size of the original; larger sizes give it as it is.
const ORIGINAL: u32 = 512;

/// The size of a default avatar, which ignores `size`.
const DEFAULT: u32 = 256;

/// The colours of default avatars: blurple, grey, green, orange, red, pink.
const DEFAULTS: [[u8; 3]; 6] = [
    [88, 101, 242],
    [117, 126, 138],
    [59, 165, 92],
    [250, 166, 26],
    [237, 66, 69],
    [235, 69, 159],
];

/// The query of a picture's URL.
#[derive(Deserialize)]
struct Size {
    size: Option<u32>,
}

/// All pictures, to be nested under `/cdn`.
pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/avatars/{user}/{file}", get(avatar))
        .route(
            "/guilds/{guild}/users/{user}/avatars/{file}",
            get(member_avatar),
        )
        .route("/icons/{guild}/{file}", get(icon))
        .route("/embed/avatars/{file}", get(default_avatar))
        .fallback(async || StatusCode::NOT_FOUND)
}

/// Where a user's picture is.
pub(crate) fn avatar_path(user: &User) -> String {
    user.avatar.as_ref().map_or_else(
        || format!("/cdn/embed/avatars/{}.png", (user.id.0 >> 22) % 6),
        |hash| format!("/cdn/avatars/{}/{hash}.png", user.id),
    )
}

async fn avatar(
    State(simulation): State<Shared>,
    Path((user, file)): Path<(Id, String)>,
    Query(size): Query<Size>,
) -> Response {
    // A webhook wears the picture that it was given for a message under its own id.
    let known =
        simulation.read(|world| world.users.contains_key(&user) || world.webhook(user).is_ok());
    picture(known, &format!("{user}/{}", stem(&file)), size.size)
}

async fn member_avatar(
    State(simulation): State<Shared>,
    Path((guild, user, file)): Path<(Id, Id, String)>,
    Query(size): Query<Size>,
) -> Response {
    let known = simulation.read(|world| {
        world
            .guild(guild)
            .is_ok_and(|guild| guild.members.contains_key(&user))
    });
    picture(known, &format!("{guild}/{user}/{}", stem(&file)), size.size)
}

async fn icon(
    State(simulation): State<Shared>,
    Path((guild, file)): Path<(Id, String)>,
    Query(size): Query<Size>,
) -> Response {
    let known = simulation.read(|world| world.guild(guild).is_ok());
    picture(known, &format!("{guild}/{}", stem(&file)), size.size)
}

async fn default_avatar(Path(file): Path<String>) -> Response {
    let Some(colour) = stem(&file)
        .parse()
        .ok()
        .and_then(|n: usize| DEFAULTS.get(n))
    else {
        return StatusCode::NOT_FOUND.into_response();
    };
    send(disc(DEFAULT, *colour, |x, y| {
        // A head and shoulders.
        let (dx, dy) = (x - 0.5, y - 0.4);
        let shoulders = (dx * dx) / 0.09 + (y - 0.95).powi(2) / 0.1 < 1.0;
        dx * dx + dy * dy < 0.024 || shoulders
    }))
}

fn stem(file: &str) -> &str {
    file.split_once('.').map_or(file, |(stem, _)| stem)
}

/// A picture made of a name: five by five fields, mirrored.
fn picture(known: bool, name: &str, size: Option<u32>) -> Response {
    if !known {
        return StatusCode::NOT_FOUND.into_response();
    }
    let size = size.unwrap_or(128);
    if !(16..=4096).contains(&size) || !size.is_power_of_two() {
        return (StatusCode::BAD_REQUEST, "Invalid size").into_response();
    }
    let hash = Sha256::digest(name);
    let colour = [hash[0] / 2 + 64, hash[1] / 2 + 64, hash[2] / 2 + 64];
    let field = move |x: f32, y: f32| {
        let cell = |at: f32| ((at - 0.2) / 0.12).floor();
        let (column, row) = (cell(x), cell(y));
        if !(0.0..5.0).contains(&column) || !(0.0..5.0).contains(&row) {
            return false;
        }
        let mirrored = column.min(4.0 - column) as usize;
        hash[8 + row as usize * 3 + mirrored] & 1 == 1
    };
    send(disc(size.min(ORIGINAL), colour, field))
}

/// A disc of a colour with a light pattern on it; the corners are transparent.
fn disc(size: u32, colour: [u8; 3], light: impl Fn(f32, f32) -> bool) -> std::io::Result<Vec<u8>> {
    let [red, green, blue] = colour;
    let palette = [[0, 0, 0, 0], [red, green, blue, 255], [255, 255, 255, 235]];
    png::encode(size, &palette, |column, row| {
        let at = |n: u32| (n as f32 + 0.5) / size as f32;
        let (x, y) = (at(column), at(row));
        if (x - 0.5).powi(2) + (y - 0.5).powi(2) > 0.25 {
            0
        } else {
            1 + u8::from(light(x, y))
        }
    })
}

fn send(png: std::io::Result<Vec<u8>>) -> Response {
    match png {
        Ok(png) => {
            let headers = [
                (header::CONTENT_TYPE, "image/png"),
                (header::CACHE_CONTROL, "public, max-age=31536000"),
                (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            ];
            (headers, png).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
