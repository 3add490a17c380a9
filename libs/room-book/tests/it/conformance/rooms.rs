use std::time::Duration;

use contracts::{ChannelId, GuildId};
use room_book::{NewRoom, ROOMS_PER_GUILD};

use super::{Book, GUEST, GUILD, LONG, OTHER_ROOM, OWNER, ROOM, SHORT, entered, eventually};

pub(crate) async fn a_room_is_entered_once_and_forgotten_whole(book: Book) {
    assert_eq!(book.room(GUILD, ROOM).await.unwrap(), None);
    entered(&book, ROOM, OWNER).await;
    let room = book.room(GUILD, ROOM).await.unwrap().unwrap();
    assert_eq!((room.guild, room.channel, room.owner), (GUILD, ROOM, OWNER));
    assert!(room.made_at > 1_700_000_000_000 && room.empty_since.is_some());
    // an answer that was lost: what is there stays
    let again = NewRoom {
        guild: GUILD,
        channel: ROOM,
        owner: GUEST,
    };
    book.enter(again, "again").await.unwrap();
    assert_eq!(book.room(GUILD, ROOM).await.unwrap().unwrap().owner, OWNER);
    book.forget(GUILD, ROOM).await.unwrap();
    book.forget(GUILD, ROOM).await.unwrap();
    assert_eq!(book.room(GUILD, ROOM).await.unwrap(), None);
    assert!(book.rooms(GUILD).await.unwrap().is_empty());
}

pub(crate) async fn rooms_are_of_their_guild_in_the_order_of_their_channels(book: Book) {
    entered(&book, OTHER_ROOM, OWNER).await;
    entered(&book, ROOM, GUEST).await;
    let rooms = book.rooms(GUILD).await.unwrap();
    let channels: Vec<_> = rooms.iter().map(|room| room.channel).collect();
    assert_eq!(channels, [ROOM, OTHER_ROOM]);
    assert!(book.rooms(GuildId::new(1)).await.unwrap().is_empty());
    assert_eq!(book.room(GuildId::new(1), ROOM).await.unwrap(), None);
}

pub(crate) async fn nobody_reserves_more_than_allowed_however_many_ask_at_once(book: Book) {
    let mut asked = tokio::task::JoinSet::new();
    for n in 0..20 {
        let book = book.clone();
        asked.spawn(async move { book.reserve(GUILD, OWNER, &n.to_string(), 3, LONG).await });
    }
    let granted = asked.join_all().await.into_iter();
    assert_eq!(
        granted.filter(|granted| *granted.as_ref().unwrap()).count(),
        3
    );
}

pub(crate) async fn rooms_and_reservations_count_together_and_per_owner(book: Book) {
    entered(&book, ROOM, OWNER).await;
    assert!(book.reserve(GUILD, OWNER, "a", 2, LONG).await.unwrap());
    assert!(!book.reserve(GUILD, OWNER, "b", 2, LONG).await.unwrap());
    assert!(book.reserve(GUILD, GUEST, "c", 2, LONG).await.unwrap());
    let elsewhere = GuildId::new(2);
    assert!(book.reserve(elsewhere, OWNER, "d", 1, LONG).await.unwrap());
    book.forget(GUILD, ROOM).await.unwrap();
    assert!(book.reserve(GUILD, OWNER, "b", 2, LONG).await.unwrap());
}

pub(crate) async fn a_reservation_runs_out_or_is_given_back(book: Book) {
    assert!(book.reserve(GUILD, OWNER, "a", 1, LONG).await.unwrap());
    assert!(!book.reserve(GUILD, OWNER, "b", 1, LONG).await.unwrap());
    book.give_back(GUILD, "a").await.unwrap();
    book.give_back(GUILD, "never made").await.unwrap();
    assert!(book.reserve(GUILD, OWNER, "b", 1, SHORT).await.unwrap());
    eventually(async || book.reserve(GUILD, OWNER, "c", 1, LONG).await.unwrap()).await;
}

pub(crate) async fn the_same_reservation_is_one_place(book: Book) {
    for _ in 0..3 {
        assert!(book.reserve(GUILD, OWNER, "a", 1, LONG).await.unwrap());
    }
}

pub(crate) async fn a_full_guild_takes_no_more(book: Book) {
    for n in 0..ROOMS_PER_GUILD - 1 {
        let name = n.to_string();
        assert!(
            book.reserve(GUILD, OWNER, &name, u32::MAX, LONG)
                .await
                .unwrap()
        );
    }
    entered(&book, ChannelId::new(7), GUEST).await;
    assert!(
        !book
            .reserve(GUILD, OWNER, "one more", u32::MAX, LONG)
            .await
            .unwrap()
    );
}

pub(crate) async fn a_room_is_empty_since_it_was_made_or_left(book: Book) {
    assert_eq!(book.empty(GUILD, ROOM, None).await.unwrap(), None);
    entered(&book, ROOM, OWNER).await;
    eventually(async || {
        book.empty(GUILD, ROOM, None).await.unwrap().unwrap() > Duration::from_millis(30)
    })
    .await;
    book.occupied(GUILD, ROOM).await.unwrap();
    assert_eq!(
        book.room(GUILD, ROOM).await.unwrap().unwrap().empty_since,
        None
    );
    let empty = book.empty(GUILD, ROOM, None).await.unwrap().unwrap();
    assert!(empty < Duration::from_millis(30), "{empty:?}");
    book.occupied(GUILD, OTHER_ROOM).await.unwrap();
    assert_eq!(book.room(GUILD, OTHER_ROOM).await.unwrap(), None);
}

pub(crate) async fn somebody_who_left_since_moves_the_time_on(book: Book) {
    entered(&book, ROOM, OWNER).await;
    // longer ago than it is known to be empty: nothing new
    let long_ago = Some(Duration::from_mins(1));
    eventually(async || {
        book.empty(GUILD, ROOM, long_ago).await.unwrap().unwrap() > Duration::from_millis(60)
    })
    .await;
    let just = Some(Duration::from_millis(1));
    let empty = book.empty(GUILD, ROOM, just).await.unwrap().unwrap();
    assert!(empty < Duration::from_millis(60), "{empty:?}");
    // the first word after somebody was in it
    book.occupied(GUILD, ROOM).await.unwrap();
    let empty = book.empty(GUILD, ROOM, long_ago).await.unwrap().unwrap();
    assert!(empty >= Duration::from_secs(59), "{empty:?}");
}

pub(crate) async fn only_one_removes_a_room_that_is_empty_for_long(book: Book) {
    entered(&book, ROOM, OWNER).await;
    let claim = async |who: &str, empty_for| {
        let ttl = LONG;
        book.claim_removal(GUILD, ROOM, empty_for, who, ttl)
            .await
            .unwrap()
    };
    assert!(!claim("a", LONG).await);
    eventually(async || claim("a", SHORT).await).await;
    assert!(!claim("b", SHORT).await);
    assert!(claim("a", SHORT).await, "it is still theirs");
    book.forget(GUILD, ROOM).await.unwrap();
    assert!(!claim("a", SHORT).await);
}

pub(crate) async fn an_occupied_room_is_not_removed(book: Book) {
    entered(&book, ROOM, OWNER).await;
    book.occupied(GUILD, ROOM).await.unwrap();
    let none = Duration::ZERO;
    assert!(
        !book
            .claim_removal(GUILD, ROOM, none, "a", LONG)
            .await
            .unwrap()
    );
}

pub(crate) async fn a_claim_that_comes_to_nothing_runs_out(book: Book) {
    entered(&book, ROOM, OWNER).await;
    let claim = async |who: &str, ttl| {
        let empty_for = Duration::from_millis(1);
        book.claim_removal(GUILD, ROOM, empty_for, who, ttl)
            .await
            .unwrap()
    };
    eventually(async || claim("a", SHORT).await).await;
    eventually(async || claim("b", LONG).await).await;
}
