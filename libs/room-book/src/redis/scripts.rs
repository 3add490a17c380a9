use std::sync::LazyLock;

use fred::types::scripts::Script;

/// A script on top of what they share.
macro_rules! scripts {
    ($($name:ident = $file:literal),+ $(,)?) => {$(
        pub(super) static $name: LazyLock<Script> = LazyLock::new(|| {
            Script::from_lua(concat!(include_str!("base.lua"), include_str!($file)))
        });
    )+};
}

scripts!(
    RESERVE = "reserve.lua",
    ENTER = "enter.lua",
    FORGET = "forget.lua",
    OCCUPIED = "occupied.lua",
    EMPTY = "empty.lua",
    CLAIM_REMOVAL = "claim_removal.lua",
    ADD_INVITE = "add_invite.lua",
    USE_INVITE = "use_invite.lua",
    REVOKE = "revoke.lua",
    BEGIN = "begin.lua",
    FINISH = "finish.lua",
    ABANDON = "abandon.lua",
    POSTING = "posting.lua",
    POSTED = "posted.lua",
    BEHALF = "behalf.lua",
);
