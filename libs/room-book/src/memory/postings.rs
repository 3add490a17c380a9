use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    time::Duration,
};

use contracts::{ChannelId, MessageId, UserId};
use tokio::time::Instant;

use crate::{Behalf, POSTINGS_PER_CHANNEL, Posting};

/// Posted messages that are remembered; beyond it the oldest are forgotten.
const LIMIT: usize = 50_000;

/// What is being posted, and in whose name messages were.
#[derive(Debug, Default)]
pub(super) struct Postings {
    under_way: HashMap<ChannelId, Vec<(Posting, Instant)>>,
    posted: HashMap<MessageId, UserId>,
    order: VecDeque<MessageId>,
}

impl Postings {
    pub(super) fn begin(&mut self, posting: &Posting, ttl: Duration) -> bool {
        let now = Instant::now();
        self.under_way.retain(|_, postings| {
            postings.retain(|(_, until)| *until > now);
            !postings.is_empty()
        });
        let postings = self.under_way.entry(posting.channel).or_default();
        postings.retain(|(known, _)| known.id != posting.id);
        let room = postings.len() < POSTINGS_PER_CHANNEL;
        if room {
            postings.push((posting.clone(), now + ttl));
        }
        room
    }

    pub(super) fn posted(&mut self, posting: &Posting, message: MessageId) {
        self.end(posting.channel, &posting.id);
        self.remember(message, posting.user);
    }

    pub(super) fn end(&mut self, channel: ChannelId, id: &str) {
        if let Some(postings) = self.under_way.get_mut(&channel) {
            postings.retain(|(posting, _)| posting.id != id);
        }
    }

    pub(super) fn behalf(&mut self, channel: ChannelId, message: MessageId, mark: &str) -> Behalf {
        if let Some(user) = self.posted.get(&message) {
            return Behalf::Of(*user);
        }
        let now = Instant::now();
        let postings = self.under_way.get(&channel).into_iter().flatten();
        let alike: Vec<&Posting> = postings
            .filter(|(posting, until)| *until > now && posting.mark == mark)
            .map(|(posting, _)| posting)
            .collect();
        let users: BTreeSet<UserId> = alike.iter().map(|posting| posting.user).collect();
        match (alike.first(), users.len()) {
            (Some(first), 1) => {
                let (user, id) = (first.user, first.id.clone());
                self.end(channel, &id);
                self.remember(message, user);
                Behalf::Of(user)
            }
            (Some(_), _) => Behalf::Unclear,
            (None, _) => Behalf::Nobody,
        }
    }

    pub(super) fn behalves(&self, messages: &[MessageId]) -> BTreeMap<MessageId, UserId> {
        let known = messages.iter();
        known
            .filter_map(|message| Some((*message, *self.posted.get(message)?)))
            .collect()
    }

    fn remember(&mut self, message: MessageId, user: UserId) {
        if self.posted.insert(message, user).is_none() {
            self.order.push_back(message);
        }
        while self.order.len() > LIMIT
            && let Some(oldest) = self.order.pop_front()
        {
            self.posted.remove(&oldest);
        }
    }
}
