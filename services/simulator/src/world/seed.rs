//! The world as it is at the start: the same ids for the same seed.

use std::collections::BTreeMap;

use super::{
    Author, Channel, Draft, Guild, Id, Member, Overwrite, OverwriteTarget, Presence, Role,
    Snowflakes, User, VoiceState, World, kind, permissions as p,
};

/// When the default guild was made (seed 0), in Unix ms; an even number, so that of two shards it is on 0.
const FOUNDED: u64 = 1_714_557_600_000;

/// What the bot's own role allows: what Fanfare's invite link asks for and a little more.
pub(super) const BOT: u64 = p::CREATE_INSTANT_INVITE
    | p::VIEW_CHANNEL
    | p::SEND_MESSAGES
    | p::MANAGE_MESSAGES
    | p::READ_MESSAGE_HISTORY
    | p::ADD_REACTIONS
    | p::CONNECT
    | p::SPEAK
    | p::STREAM
    | p::USE_VAD
    | p::MANAGE_CHANNELS
    | p::MANAGE_ROLES
    | p::MOVE_MEMBERS
    | p::MUTE_MEMBERS
    | p::DEAFEN_MEMBERS
    | p::MANAGE_WEBHOOKS;

/// The people: name, global name, whether they have a picture.
const PEOPLE: [(&str, Option<&str>, bool); 16] = [
    ("nelly", Some("Nelly"), true),
    ("mason", None, false),
    ("amara", Some("Amara Obi"), true),
    ("oskar", Some("Oskar"), true),
    ("priya", Some("Priya ✨"), true),
    ("tomas", None, true),
    ("yuki", Some("雪"), true),
    ("ines", Some("Inês"), false),
    ("kofi", Some("Kofi"), true),
    ("leila", None, false),
    ("bram", Some("Bram"), true),
    ("sofia", Some("Sofía"), false),
    ("dario", None, true),
    ("wren", Some("Wren"), true),
    ("hana", Some("Hana"), true),
    ("jonas", None, false),
];

/// Hands out the seed's ids, one minute and a bit apart.
struct Ids {
    millis: u64,
}

impl Ids {
    fn next(&mut self) -> Id {
        self.millis += 61_003;
        Id::at(self.millis, self.millis / 7)
    }
}

impl World {
    /// The world at the start.
    pub(crate) fn seeded(seed: u64, bot_name: &str) -> Self {
        // Seeds differ by whole seconds, so the parity that decides the shard stays.
        let founded = FOUNDED + seed % 1_000_000 * 1_000;
        let mut ids = Ids {
            millis: founded - 90 * 86_400_000,
        };
        let bot = ids.next();
        let mut users = BTreeMap::new();
        users.insert(bot, person(bot, bot_name, None, true, true));
        let melody = ids.next();
        users.insert(melody, person(melody, "melody", Some("Melody"), true, true));
        for (name, global, picture) in PEOPLE {
            let id = ids.next();
            users.insert(id, person(id, name, global, picture, false));
        }
        let mut world = Self {
            users,
            guilds: BTreeMap::new(),
            bot,
            application: bot,
            home: Id::at(founded, 1),
            obfuscates: true,
            shards: 1,
            ids: Snowflakes::default(),
            voice_sessions: 0,
            outbox: Vec::new(),
        };
        world.add_cafe(founded);
        world.add_night_owls(founded + 86_400_001);
        world.add_quiet_garden(founded + 2 * 86_400_000);
        world.outbox.clear();
        world
    }

    fn add_cafe(&mut self, founded: u64) {
        let mut plan = Plan::new(self, "Fanfare Café", "amara", founded);
        let barista = plan.role(
            "barista",
            p::MANAGE_MESSAGES | p::MUTE_MEMBERS | p::MOVE_MEMBERS,
        );
        let regular = plan.role("regular", 0);
        let fanfare = plan.bot_role("Fanfare", BOT);
        let everybody: Vec<&str> = PEOPLE.iter().map(|(name, ..)| *name).collect();
        plan.members(&everybody);
        plan.give(&["nelly", "oskar", "wren"], barista);
        plan.give(&["mason", "priya", "kofi", "hana"], regular);
        plan.bot(fanfare);
        plan.members(&["melody"]);
        plan.nick("tomas", "Tommy");
        plan.nick("priya", "P");
        let text = plan.channel(None, kind::CATEGORY, "Counter");
        plan.channel(Some(text), kind::ANNOUNCEMENT, "welcome");
        let general = plan.channel(Some(text), kind::TEXT, "general");
        plan.channel(Some(text), kind::TEXT, "playlist");
        let staff = plan.private(Some(text), kind::TEXT, "staff-notes", &[barista], true);
        let rooms = plan.channel(None, kind::CATEGORY, "Rooms");
        let lounge = plan.channel(Some(rooms), kind::VOICE, "Lounge");
        let music = plan.channel(Some(rooms), kind::VOICE, "Music Corner");
        plan.channel(Some(rooms), kind::VOICE, "Game Table");
        let study = plan.channel(Some(rooms), kind::VOICE, "Study Nook");
        plan.channel(Some(rooms), kind::STAGE, "Open Mic");
        let office = plan.private(Some(rooms), kind::VOICE, "Back Office", &[barista], true);
        plan.private(None, kind::VOICE, "Vault", &[], false);
        plan.in_voice("priya", lounge);
        plan.in_voice("tomas", lounge);
        plan.in_voice("yuki", music);
        plan.in_voice("kofi", study);
        plan.in_voice("wren", office);
        plan.online(&[
            "nelly", "mason", "amara", "priya", "tomas", "yuki", "kofi", "wren", "melody",
        ]);
        plan.finish();
        self.say(
            general,
            "amara",
            "Good morning! The first pot is ready ☕",
            founded + 7_200_000,
        );
        self.say(general, "mason", "On my way", founded + 7_260_000);
        self.say(
            staff,
            "nelly",
            "Delivery moved to Thursday",
            founded + 7_300_000,
        );
    }

    fn add_night_owls(&mut self, founded: u64) {
        let mut plan = Plan::new(self, "Night Owls", "hana", founded);
        let fanfare = plan.bot_role("Fanfare", BOT);
        plan.members(&["nelly", "hana", "jonas", "dario"]);
        plan.bot(fanfare);
        plan.nick("nelly", "night nelly");
        plan.channel(None, kind::TEXT, "chatter");
        let perch = plan.channel(None, kind::VOICE, "Perch");
        plan.in_voice("jonas", perch);
        plan.online(&["nelly", "jonas"]);
        plan.finish();
    }

    fn add_quiet_garden(&mut self, founded: u64) {
        let mut plan = Plan::new(self, "Quiet Garden", "mason", founded);
        plan.bot_role("Fanfare", BOT);
        plan.members(&["nelly", "mason"]);
        plan.channel(None, kind::TEXT, "bench");
        plan.channel(None, kind::VOICE, "Pond");
        plan.finish();
    }

    fn say(&mut self, channel: Id, user: &str, text: &str, millis: u64) {
        let author = self.find_user(user).unwrap_or(self.bot);
        let mut ids = Snowflakes::default();
        std::mem::swap(&mut self.ids, &mut ids);
        let draft = Draft::text(Author::User(author), text);
        if let Ok(id) = self.post(channel, draft)
            && let Ok(state) = self.channel_mut(channel)
            && let Some(mut message) = state.messages.remove(&id)
        {
            // A message of the seed is as old as the seed, so that its id is always the same.
            message.id = Id::at(millis, 1);
            state.last_message = Some(message.id);
            state.messages.insert(message.id, message);
        }
        self.ids = ids;
    }
}

fn person(id: Id, name: &str, global: Option<&str>, picture: bool, bot: bool) -> User {
    let hash = id.0.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    User {
        id,
        name: name.to_owned(),
        global_name: global.map(str::to_owned),
        avatar: picture.then(|| format!("{hash:016x}{:016x}", hash.rotate_left(23) ^ id.0)),
        bot,
        blocks_bot: false,
    }
}

/// A guild while it is drawn up.
struct Plan<'a> {
    world: &'a mut World,
    guild: Guild,
    ids: Ids,
}

impl<'a> Plan<'a> {
    fn new(world: &'a mut World, name: &str, owner: &str, founded: u64) -> Self {
        let id = Id::at(founded, 1);
        let guild = Guild {
            id,
            name: name.to_owned(),
            owner: world.find_user(owner).unwrap_or(world.bot),
            icon: Some(format!(
                "{:032x}",
                u128::from(id.0).wrapping_mul(0x0012_3456_789A_BCDE_F123)
            )),
            available: true,
            roles: BTreeMap::from([(id, Role::everyone(id))]),
            channels: BTreeMap::new(),
            members: BTreeMap::new(),
            voice: BTreeMap::new(),
            presences: BTreeMap::new(),
            webhooks: BTreeMap::new(),
        };
        Self {
            world,
            guild,
            ids: Ids { millis: founded },
        }
    }

    fn role(&mut self, name: &str, permissions: u64) -> Id {
        let id = self.ids.next();
        let position = self.guild.roles.len() as u64;
        let color = (id.0 >> 22) as u32 % 0x00FF_FFFF;
        let role = Role {
            id,
            name: name.to_owned(),
            permissions,
            position,
            color,
            managed: false,
        };
        self.guild.roles.insert(id, role);
        id
    }

    fn bot_role(&mut self, name: &str, permissions: u64) -> Id {
        let id = self.role(name, permissions);
        self.guild
            .roles
            .entry(id)
            .and_modify(|role| role.managed = true);
        id
    }

    fn user(&self, name: &str) -> Id {
        self.world.find_user(name).unwrap_or(self.world.bot)
    }

    fn members(&mut self, names: &[&str]) {
        for name in names {
            let user = self.user(name);
            let joined_at = self.ids.next().unix_millis();
            self.guild
                .members
                .insert(user, Member::new(user, joined_at));
            let presence = Presence {
                status: "offline".to_owned(),
                activities: Vec::new(),
            };
            self.guild.presences.insert(user, presence);
        }
    }

    fn bot(&mut self, role: Id) {
        let bot = self.world.bot;
        let mut member = Member::new(bot, self.ids.next().unix_millis());
        member.roles.push(role);
        self.guild.members.insert(bot, member);
        self.guild.presences.insert(bot, Presence::online());
    }

    fn give(&mut self, names: &[&str], role: Id) {
        for name in names {
            let user = self.user(name);
            self.guild
                .members
                .entry(user)
                .and_modify(|member| member.roles.push(role));
        }
    }

    fn nick(&mut self, name: &str, nick: &str) {
        let user = self.user(name);
        self.guild
            .members
            .entry(user)
            .and_modify(|member| member.nick = Some(nick.to_owned()));
    }

    fn online(&mut self, names: &[&str]) {
        for name in names {
            let user = self.user(name);
            self.guild.presences.insert(user, Presence::online());
        }
    }

    fn channel(&mut self, parent: Option<Id>, kind: u8, name: &str) -> Id {
        let id = self.ids.next();
        let mut channel = Channel::new(id, kind, name);
        channel.parent = parent;
        channel.position = self.guild.channels.len() as u64;
        self.guild.channels.insert(id, channel);
        id
    }

    /// A channel that only some roles, and perhaps the bot, can see and enter.
    fn private(&mut self, parent: Option<Id>, kind: u8, name: &str, roles: &[Id], bot: bool) -> Id {
        let id = self.channel(parent, kind, name);
        let bits = p::VIEW_CHANNEL | p::CONNECT;
        let entry = |id, target, allow, deny| Overwrite {
            id,
            target,
            allow,
            deny,
        };
        let mut list = vec![entry(self.guild.id, OverwriteTarget::Role, 0, bits)];
        list.extend(
            roles
                .iter()
                .map(|role| entry(*role, OverwriteTarget::Role, bits, 0)),
        );
        if bot {
            list.push(entry(self.world.bot, OverwriteTarget::Member, bits, 0));
        }
        self.guild
            .channels
            .entry(id)
            .and_modify(|channel| channel.overwrites = list);
        id
    }

    fn in_voice(&mut self, name: &str, channel: Id) {
        let user = self.user(name);
        let voice = VoiceState {
            channel,
            session: format!("{:032x}", u128::from(user.0) << 64),
            mute: false,
            deaf: false,
            self_mute: false,
            self_deaf: false,
            self_stream: false,
            self_video: false,
            suppress: false,
            request_to_speak: None,
        };
        self.guild.voice.insert(user, voice);
    }

    fn finish(self) {
        self.world.guilds.insert(self.guild.id, self.guild);
    }
}
