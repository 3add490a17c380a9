use std::sync::LazyLock;

use fred::types::scripts::Script;

pub(super) static PUBLISH: LazyLock<Script> = LazyLock::new(|| {
    Script::from_lua(concat!(
        include_str!("base.lua"),
        include_str!("retention.lua"),
        include_str!("fence.lua"),
        include_str!("publish.lua")
    ))
});

pub(super) static RAISE: LazyLock<Script> = LazyLock::new(|| {
    Script::from_lua(concat!(
        include_str!("base.lua"),
        include_str!("retention.lua"),
        include_str!("fence.lua"),
        include_str!("raise.lua")
    ))
});

pub(super) static TICK: LazyLock<Script> =
    LazyLock::new(|| Script::from_lua(concat!(include_str!("base.lua"), include_str!("tick.lua"))));

pub(super) static RENEW: LazyLock<Script> = LazyLock::new(|| {
    Script::from_lua(concat!(
        include_str!("base.lua"),
        include_str!("retention.lua"),
        include_str!("renew.lua")
    ))
});

pub(super) static READ: LazyLock<Script> =
    LazyLock::new(|| Script::from_lua(concat!(include_str!("base.lua"), include_str!("read.lua"))));

pub(super) static SNAPSHOT: LazyLock<Script> = LazyLock::new(|| {
    Script::from_lua(concat!(
        include_str!("base.lua"),
        include_str!("snapshot.lua")
    ))
});

pub(super) static EPOCH: LazyLock<Script> = LazyLock::new(|| {
    Script::from_lua(concat!(include_str!("base.lua"), include_str!("epoch.lua")))
});
