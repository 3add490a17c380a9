use contracts::GuildId;

use super::line::Line;

/// The payload of a `snapshot` of these guilds, as everybody may see them.
pub(super) fn render(line: &mut Line, guilds: &[GuildId], cdn: &str) -> String {
    let mut json = String::from(r#"{"guilds":["#);
    for guild in guilds {
        let Some(followed) = line
            .open(*guild)
            .filter(|followed| followed.picture.is_known())
        else {
            continue;
        };
        if !json.ends_with('[') {
            json.push(',');
        }
        let rendered = followed.picture.rendered(cdn);
        json.push_str(&String::from_utf8_lossy(&rendered));
    }
    json.push_str("]}");
    json
}
