//! Prometheus' text format, as far as it is looked at here.

/// One line of a scrape.
#[derive(Debug)]
pub(super) struct Series {
    #[expect(dead_code, reason = "shown where a test fails")]
    pub(super) name: String,
    pub(super) labels: Vec<(String, String)>,
}

/// The series of a text.
pub(super) fn series(text: &str) -> Vec<Series> {
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(one).collect()
}

fn one(line: &str) -> Series {
    let (name, rest) = line.split_once(['{', ' ']).unwrap_or((line, ""));
    let mut labels = Vec::new();
    if line[name.len()..].starts_with('{') {
        let inside = rest.rsplit_once('}').map_or("", |(inside, _)| inside);
        for pair in inside.split("\",") {
            if let Some((label, value)) = pair.split_once("=\"") {
                labels.push((label.to_owned(), value.trim_end_matches('"').to_owned()));
            }
        }
    }
    Series {
        name: name.to_owned(),
        labels,
    }
}

/// Whether a label's value names one user, guild, channel, message, process or session: it holds a snowflake or the like.
pub(super) fn names_one(value: &str) -> bool {
    let longest = |kind: fn(&u8) -> bool| {
        let runs = value.as_bytes().split(|byte| !kind(byte));
        runs.map(<[u8]>::len).max().unwrap_or(0)
    };
    longest(u8::is_ascii_digit) >= 15 || longest(u8::is_ascii_hexdigit) >= 16
}

#[test]
fn a_label_that_names_one_thing_is_found() {
    let text = "# HELP a_total a\na_total{route=\"/guilds/81384788765712384\",x=\"y z\"} 3\nb 1\n";
    let series = series(text);
    assert_eq!(series.len(), 2);
    assert_eq!(series[0].labels[1], ("x".to_owned(), "y z".to_owned()));
    assert!(names_one(&series[0].labels[0].1));
    assert!(names_one("0123456789abcdef0123456789abcdef"));
    for plain in [
        "/guilds/{id}/members/{id}",
        "0.0025",
        "IO Error",
        "127.0.0.1:9101",
    ] {
        assert!(!names_one(plain), "{plain}");
    }
}
