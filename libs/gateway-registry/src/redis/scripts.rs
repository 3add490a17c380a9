use std::sync::LazyLock;

use fred::types::scripts::Script;

/// One that stands alone.
macro_rules! script {
    ($name:ident, $file:literal) => {
        pub(super) static $name: LazyLock<Script> =
            LazyLock::new(|| Script::from_lua(include_str!($file)));
    };
}

/// One on top of what they share.
macro_rules! based {
    ($name:ident, $file:literal) => {
        pub(super) static $name: LazyLock<Script> = LazyLock::new(|| {
            Script::from_lua(concat!(include_str!("base.lua"), include_str!($file)))
        });
    };
}

script!(ANNOUNCE, "announce.lua");
script!(ALIVE, "alive.lua");
based!(SHARD_COUNT, "shard_count.lua");
based!(RECOUNT, "recount.lua");
based!(LEASES, "leases.lua");
based!(CLAIM, "claim.lua");
based!(RENEW, "renew.lua");
based!(BEGIN_SESSION, "begin_session.lua");
based!(RELEASE, "release.lua");
based!(BUDGET, "budget.lua");
based!(PERMIT, "permit.lua");
