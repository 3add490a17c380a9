use contracts::{GuildId, UserId};

use super::line::Line;

/// The payload of a `snapshot` of these guilds, as a user may see them.
pub(super) fn render(line: &mut Line, guilds: &[GuildId], user: UserId, cdn: &str) -> String {
    let mut json = String::from(r#"{"guilds":["#);
    for guild in guilds {
        let Some(followed) = line
            .open(*guild)
            .filter(|followed| followed.picture.is_known())
        else {
            continue;
        };
        let feed = std::sync::Arc::clone(&followed.feed);
        let ring = feed.ring.read();
        let Some(eyes) = ring.audience.eyes(user) else {
            continue;
        };
        if !json.ends_with('[') {
            json.push(',');
        }
        let rendered = followed
            .picture
            .rendered(cdn, eyes.class(), |room| eyes.view(room));
        json.push_str(&String::from_utf8_lossy(&rendered));
    }
    json.push_str("]}");
    json
}
