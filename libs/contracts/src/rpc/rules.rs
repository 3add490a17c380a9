//! What names, messages and emoji may be.

use unicode_normalization::UnicodeNormalization as _;

use crate::MessageId;

/// Most characters of a room's name (Discord, "Channel").
pub const LONGEST_NAME: usize = 100;

/// Most characters of a message (Discord, "Create Message").
pub const LONGEST_CONTENT: usize = 2000;

/// Most people that a room can be limited to (Discord, "Channel": voice).
pub const MOST_USERS: u32 = 99;

/// How long an invite may be good, in seconds: a minute to a week.
pub const INVITE_SECONDS: (u32, u32) = (60, 604_800);

/// How often an invite may be good.
pub const INVITE_USES: (u32, u32) = (1, 100);

/// Why a value is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A stable code in kebab case.
    pub code: &'static str,
    /// What it may be.
    pub message: String,
}

impl Fault {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// A room's name as it is given to Discord: composed (NFC) and trimmed, so that two names that look alike are alike. Its length is
/// counted afterwards, in characters.
pub fn room_name(text: &str) -> Result<String, Fault> {
    if let Some(found) = text.chars().find(|c| is_control(*c) || is_bidi(*c)) {
        let message = format!(
            "may not contain control or direction characters (U+{:04X})",
            u32::from(found)
        );
        return Err(Fault::new("forbidden-character", message));
    }
    let composed: String = text.nfc().collect();
    let name = composed.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
    counted(name, LONGEST_NAME)
}

/// A message's text as it is given to Discord: trimmed, lines ended by `\n`. Nothing else of it is changed.
pub fn content(text: &str) -> Result<String, Fault> {
    let text = text.replace("\r\n", "\n");
    let unwanted = |c: &char| is_control(*c) && !matches!(c, '\n' | '\t' | '\u{2028}' | '\u{2029}');
    if let Some(found) = text.chars().find(unwanted) {
        let message = format!(
            "may not contain control characters (U+{:04X})",
            u32::from(found)
        );
        return Err(Fault::new("forbidden-character", message));
    }
    let shown = text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
    counted(shown, LONGEST_CONTENT)
}

/// One emoji, or `name:id` of a guild's own.
pub fn emoji(text: &str) -> Result<String, Fault> {
    let known = emojis::get(text).is_some() || is_custom(text);
    known.then(|| text.to_owned()).ok_or_else(|| {
        Fault::new(
            "invalid",
            "has to be one emoji, or `name:id` of a guild's own",
        )
    })
}

fn is_custom(text: &str) -> bool {
    let Some((name, id)) = text.split_once(':') else {
        return false;
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (2..=32).contains(&name.len()) && name.bytes().all(plain) && id.parse::<MessageId>().is_ok()
}

fn counted(text: &str, most: usize) -> Result<String, Fault> {
    match text.chars().count() {
        0 => Err(Fault::new("required", "may not be empty")),
        count if count > most => {
            let message = format!("may have {most} characters, and has {count}");
            Err(Fault::new("too-long", message))
        }
        _ => Ok(text.to_owned()),
    }
}

/// Controls, and the separators that end a line like one.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Characters that turn the direction of the text around them (Unicode, "Bidirectional Algorithm").
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters without width, which alone would make a text that nobody sees.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code<T>(outcome: Result<T, Fault>) -> Option<&'static str> {
        outcome.err().map(|fault| fault.code)
    }

    #[test]
    fn names_are_composed_trimmed_and_counted_afterwards() {
        assert_eq!(
            room_name("  Cafe\u{301} \u{200b} ").as_deref(),
            Ok("Caf\u{e9}")
        );
        assert!(room_name(&format!(" {} ", "e\u{301}".repeat(100))).is_ok());
        assert_eq!(code(room_name(&"x".repeat(101))), Some("too-long"));
        assert_eq!(room_name("👩‍👩‍👧 family").as_deref(), Ok("👩‍👩‍👧 family"));
        for empty in ["", "   ", "\u{200b}\u{feff}", "\u{3000}"] {
            assert_eq!(code(room_name(empty)), Some("required"), "{empty:?}");
        }
        for unwanted in [
            "a\u{0}b",
            "a\nb",
            "a\u{202e}b",
            "\u{200f}a",
            "a\u{2066}",
            "a\u{85}",
            "a\u{2028}b",
        ] {
            assert_eq!(
                code(room_name(unwanted)),
                Some("forbidden-character"),
                "{unwanted:?}"
            );
        }
    }

    #[test]
    fn messages_keep_their_lines_and_directions() {
        assert_eq!(
            content("\n a\r\n\tb \u{202b}שלום \n").as_deref(),
            Ok("a\n\tb \u{202b}שלום")
        );
        assert!(content(&"ü".repeat(2000)).is_ok());
        assert_eq!(code(content(&"ü".repeat(2001))), Some("too-long"));
        assert_eq!(code(content(" \u{200b} ")), Some("required"));
        for unwanted in ["a\u{0}", "a\u{1b}[1m", "a\rb", "a\u{9f}"] {
            assert_eq!(code(content(unwanted)), Some("forbidden-character"));
        }
    }

    #[test]
    fn an_emoji_is_one_emoji() {
        for good in ["🎺", "❤", "❤️", "👍🏽", "👩‍👩‍👧", "🇨🇭", "1️⃣", "fan_fare:17"]
        {
            assert_eq!(emoji(good).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "a",
            "🎺🎺",
            "🎺 ",
            ":trumpet:",
            "trumpet",
            "f:1",
            "fanfare:",
            "fanfare:x",
            "a b:1",
            "fanfare:1:2",
            "../x:1",
        ] {
            assert!(emoji(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_normalized_name_stays_as_it_is(text in "\\PC{0,120}") {
            if let Ok(name) = room_name(&text) {
                prop_assert_eq!(room_name(&name), Ok(name.clone()));
                prop_assert!((1..=LONGEST_NAME).contains(&name.chars().count()));
                prop_assert!(!name.chars().any(|c| is_control(c) || is_bidi(c)));
                prop_assert_eq!(name.nfc().collect::<String>(), name);
            }
        }

        #[test]
        fn names_that_are_alike_become_the_same(text in "[a-zé\u{301}\u{308} ]{1,60}") {
            let apart: String = text.nfd().collect();
            prop_assert_eq!(room_name(&apart), room_name(&text));
        }

        #[test]
        fn a_message_stays_as_it_is(text in any::<String>()) {
            if let Ok(shown) = content(&text) {
                prop_assert_eq!(content(&shown), Ok(shown.clone()));
                prop_assert!((1..=LONGEST_CONTENT).contains(&shown.chars().count()));
            }
        }
    }
}
