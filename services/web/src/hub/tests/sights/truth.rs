use std::collections::{BTreeMap, BTreeSet};

use contracts::{ChannelId, GuildId, UserId, state::OverwriteTarget};

use super::World;

pub(super) const GUILD: GuildId = GuildId::new(1);
pub(super) const VIEW: u64 = 1 << 10;
pub(super) const CONNECT: u64 = 1 << 20;
pub(super) const ADMINISTRATOR: u64 = 1 << 3;
const MANAGE_THREADS: u64 = 1 << 34;
pub(super) const ROLES: [u64; 2] = [50, 51];
/// The first is the owner in the beginning.
pub(super) const USERS: [u64; 4] = [1, 7, 8, 9];
pub(super) const TEXT: u64 = 102;
pub(super) const THREAD: u64 = 103;
/// Two rooms, a text channel and a private thread of it.
pub(super) const PLACES: [(u64, u8); 4] = [(100, 2), (101, 2), (TEXT, 0), (THREAD, 12)];

/// Whom an overwrite may concern.
const WHOM: [(OverwriteTarget, u64); 5] = [
    (OverwriteTarget::Role, 1),
    (OverwriteTarget::Role, 50),
    (OverwriteTarget::Role, 51),
    (OverwriteTarget::Member, 7),
    (OverwriteTarget::Member, 8),
];

/// Who could hear a message while it was there.
struct Said {
    place: usize,
    ever: BTreeSet<u64>,
    always: BTreeSet<u64>,
}

/// What is true, and who may see what by the rules as they are told, not as they are built.
pub(super) struct Truth {
    pub(super) owner: u64,
    pub(super) roles: BTreeMap<u64, u64>,
    pub(super) members: BTreeMap<u64, Vec<u64>>,
    pub(super) thread: BTreeSet<u64>,
    /// Who is in which room.
    pub(super) inside: BTreeMap<u64, u64>,
    /// Of each place but the thread: allowed and denied, by whom it concerns.
    overwrites: [BTreeMap<usize, (u64, u64)>; 3],
    said: Vec<Said>,
    viewed: BTreeSet<(u64, u64)>,
}

impl Truth {
    /// The second room is closed to @everyone.
    pub(super) async fn begin(world: &World) -> Self {
        let mut truth = Self {
            owner: 1,
            roles: [(1, VIEW | CONNECT), (50, 0), (51, 0)].into(),
            members: USERS.into_iter().map(|user| (user, Vec::new())).collect(),
            thread: BTreeSet::new(),
            inside: BTreeMap::new(),
            overwrites: [BTreeMap::new(), BTreeMap::new(), BTreeMap::new()],
            said: Vec::new(),
            viewed: BTreeSet::new(),
        };
        for role in ROLES {
            world.role(GUILD, role, 0).await;
        }
        for user in USERS {
            world.member(GUILD, UserId::new(user), &[], None).await;
        }
        for place in 0..3 {
            let deny = if place == 1 { VIEW } else { 0 };
            truth.overwrite(world, place, 0, 0, deny).await;
        }
        world
            .thread(GUILD, ChannelId::new(THREAD), ChannelId::new(TEXT), &[])
            .await;
        truth.note();
        truth
    }

    pub(super) async fn overwrite(
        &mut self,
        world: &World,
        place: usize,
        whom: usize,
        allow: u64,
        deny: u64,
    ) {
        self.overwrites[place].insert(whom, (allow, deny));
        let rules = self.overwrites[place].iter();
        let rules =
            rules.map(|(whom, (allow, deny))| (WHOM[*whom].0, WHOM[*whom].1, *allow, *deny));
        let rules: Vec<_> = rules.collect();
        let (id, kind) = PLACES[place];
        world
            .overwrite(GUILD, ChannelId::new(id), kind, &rules)
            .await;
    }

    fn has(&self, user: u64, place: usize, bit: u64) -> bool {
        let mine = |id: u64| id == 1 || self.members[&user].contains(&id);
        let by_role = |bit| {
            self.roles
                .iter()
                .any(|(id, bits)| mine(*id) && bits & bit != 0)
        };
        if self.owner == user || by_role(ADMINISTRATOR) {
            return true;
        }
        let word = |whose: &dyn Fn(OverwriteTarget, u64) -> bool| {
            let rules = self.overwrites[place].iter();
            let rules: Vec<_> = rules
                .filter(|(whom, _)| whose(WHOM[**whom].0, WHOM[**whom].1))
                .collect();
            let allowed = rules.iter().any(|(_, (allow, _))| allow & bit != 0);
            let denied = rules.iter().any(|(_, (_, deny))| deny & bit != 0);
            (allowed || denied).then_some(allowed)
        };
        let member = OverwriteTarget::Member;
        word(&|target, id| target == member && id == user)
            .or_else(|| word(&|target, id| target != member && id != 1 && mine(id)))
            .or_else(|| word(&|target, id| target != member && id == 1))
            .unwrap_or_else(|| by_role(bit))
    }

    fn views(&self, user: u64, place: usize) -> bool {
        if place == 3 {
            let invited = self.thread.contains(&user) || self.has(user, 2, MANAGE_THREADS);
            return self.has(user, 2, VIEW) && invited;
        }
        self.has(user, place, VIEW)
    }

    fn hears(&self, user: u64, place: usize) -> bool {
        let open = PLACES[place].1 != 2 || self.has(user, place, CONNECT);
        self.views(user, place) && open
    }

    /// A message is written; its number.
    pub(super) fn say(&mut self, place: usize) -> usize {
        let hearing: BTreeSet<_> = USERS
            .into_iter()
            .filter(|user| self.hears(*user, place))
            .collect();
        self.said.push(Said {
            place,
            ever: hearing.clone(),
            always: hearing,
        });
        self.said.len() - 1
    }

    /// Notes who sees what now.
    pub(super) fn note(&mut self) {
        let mut said = std::mem::take(&mut self.said);
        for one in &mut said {
            for user in USERS {
                if self.hears(user, one.place) {
                    one.ever.insert(user);
                } else {
                    one.always.remove(&user);
                }
            }
        }
        self.said = said;
        for (place, (id, _)) in PLACES.iter().enumerate() {
            let seeing = USERS.into_iter().filter(|user| self.views(*user, place));
            let seeing: Vec<_> = seeing.map(|user| (user, *id)).collect();
            self.viewed.extend(seeing);
        }
    }

    pub(super) fn ever_viewed(&self, user: u64, channel: u64) -> bool {
        self.viewed.contains(&(user, channel))
    }

    pub(super) fn could_hear(&self, user: u64, number: usize) -> bool {
        self.said[number].ever.contains(&user)
    }

    /// The messages that were never out of a user's reach.
    pub(super) fn must_hear(&self, user: u64) -> Vec<usize> {
        let all = self.said.iter().enumerate();
        all.filter(|(_, said)| said.always.contains(&user))
            .map(|(number, _)| number)
            .collect()
    }

    /// What is on a user's screen in the end.
    pub(super) fn screen(&self, user: u64) -> BTreeMap<u64, BTreeSet<u64>> {
        let rooms = (0..2).filter(|place| self.views(user, *place));
        let rooms = rooms.map(|place| PLACES[place].0);
        let people = |room| {
            let inside = self.inside.iter().filter(move |(_, at)| **at == room);
            inside.map(|(who, _)| *who).collect()
        };
        rooms.map(|room| (room, people(room))).collect()
    }
}

/// What a snapshot puts on a screen.
pub(super) fn snapshot(json: &serde_json::Value) -> BTreeMap<u64, BTreeSet<u64>> {
    let id = |json: &serde_json::Value| json.as_str().unwrap().parse().unwrap();
    let rooms = json["guilds"][0]["rooms"].as_array().into_iter().flatten();
    let people = |room: &serde_json::Value| {
        let members = room["members"].as_array().into_iter().flatten();
        members.map(|member| id(&member["userId"])).collect()
    };
    rooms
        .map(|room| (id(&room["channelId"]), people(room)))
        .collect()
}
