use std::time::Duration;

use contracts::{
    ChannelId, UserId,
    invite::{InviteId, InviteToken},
};
use room_book::{INVITES_PER_ROOM, Invited, MAX_USES, NewInvite, invite_id};

use super::{Book, GUEST, GUILD, OTHER_ROOM, OWNER, ROOM, SHORT, entered, eventually};

fn token(number: u8) -> InviteToken {
    InviteToken::new(GUILD, [number; 24])
}

/// Enters an invite to the room that [`entered`] made.
async fn invited(
    book: &Book,
    channel: ChannelId,
    token: &InviteToken,
    expires_in: Option<Duration>,
    max_uses: Option<u32>,
) -> InviteId {
    let new = NewInvite {
        token,
        channel,
        maker: OWNER,
        expires_in,
        max_uses,
    };
    match book.add_invite(&new).await.unwrap() {
        Invited::Entered(id) => id,
        refused => panic!("{refused:?}"),
    }
}

pub(crate) async fn an_invite_is_used_until_it_is_used_up(book: Book) {
    entered(&book, ROOM, OWNER).await;
    let id = invited(&book, ROOM, &token(1), None, Some(2)).await;
    assert_eq!(id, invite_id(&token(1)));
    for n in 1..=2 {
        let used = book.use_invite(&token(1), UserId::new(n)).await.unwrap();
        let used = used.unwrap();
        assert_eq!((used.id, used.channel, used.maker), (id, ROOM, OWNER));
    }
    assert_eq!(
        book.use_invite(&token(1), UserId::new(3)).await.unwrap(),
        None
    );
    assert_eq!(
        book.find_invite(&token(1), UserId::new(3)).await.unwrap(),
        None
    );
    let endless = invited(&book, ROOM, &token(2), None, None).await;
    for n in 1..=20 {
        let used = book.use_invite(&token(2), UserId::new(n)).await.unwrap();
        assert_eq!(used.unwrap().id, endless);
    }
}

pub(crate) async fn one_member_uses_it_once_however_often(book: Book) {
    entered(&book, ROOM, OWNER).await;
    invited(&book, ROOM, &token(1), None, Some(1)).await;
    for _ in 0..3 {
        assert!(book.use_invite(&token(1), GUEST).await.unwrap().is_some());
    }
    assert_eq!(book.use_invite(&token(1), OWNER).await.unwrap(), None);
    assert!(book.find_invite(&token(1), GUEST).await.unwrap().is_some());
}

pub(crate) async fn uses_are_counted_once_each_when_many_come_at_once(book: Book) {
    entered(&book, ROOM, OWNER).await;
    invited(&book, ROOM, &token(1), None, Some(5)).await;
    let mut users = tokio::task::JoinSet::new();
    for n in 0..30 {
        let book = book.clone();
        users.spawn(async move { book.use_invite(&token(1), UserId::new(n)).await });
    }
    let used = users.join_all().await.into_iter();
    assert_eq!(
        used.filter(|used| used.as_ref().unwrap().is_some()).count(),
        5
    );
}

pub(crate) async fn looking_counts_nothing(book: Book) {
    entered(&book, ROOM, OWNER).await;
    let id = invited(&book, ROOM, &token(1), None, Some(1)).await;
    for n in 0..3 {
        let user = UserId::new(n);
        assert!(book.find_invite(&token(1), user).await.unwrap().is_some());
        assert!(book.invite(id).await.unwrap().is_some());
    }
    assert!(book.use_invite(&token(1), GUEST).await.unwrap().is_some());
}

pub(crate) async fn an_invite_expires(book: Book) {
    entered(&book, ROOM, OWNER).await;
    let id = invited(&book, ROOM, &token(1), Some(SHORT), None).await;
    eventually(async || book.use_invite(&token(1), GUEST).await.unwrap().is_none()).await;
    assert_eq!(book.invite(id).await.unwrap(), None);
}

pub(crate) async fn a_revoked_invite_is_unknown(book: Book) {
    entered(&book, ROOM, OWNER).await;
    let id = invited(&book, ROOM, &token(1), None, None).await;
    invited(&book, ROOM, &token(2), None, None).await;
    book.revoke(id).await.unwrap();
    book.revoke(id).await.unwrap();
    assert_eq!(book.invite(id).await.unwrap(), None);
    assert_eq!(book.use_invite(&token(1), GUEST).await.unwrap(), None);
    assert!(book.use_invite(&token(2), GUEST).await.unwrap().is_some());
}

pub(crate) async fn invites_go_with_their_room(book: Book) {
    entered(&book, ROOM, OWNER).await;
    entered(&book, OTHER_ROOM, OWNER).await;
    invited(&book, ROOM, &token(1), None, None).await;
    invited(&book, OTHER_ROOM, &token(2), None, None).await;
    book.forget(GUILD, ROOM).await.unwrap();
    assert_eq!(book.use_invite(&token(1), GUEST).await.unwrap(), None);
    let other = book.use_invite(&token(2), GUEST).await.unwrap();
    assert_eq!(other.unwrap().channel, OTHER_ROOM);
}

pub(crate) async fn a_stranger_to_the_book_has_no_invites(book: Book) {
    let token = token(1);
    let new = NewInvite {
        token: &token,
        channel: ROOM,
        maker: OWNER,
        expires_in: None,
        max_uses: None,
    };
    assert_eq!(book.add_invite(&new).await.unwrap(), Invited::NoRoom);
    assert_eq!(book.use_invite(&token, GUEST).await.unwrap(), None);
}

pub(crate) async fn a_room_has_so_many_invites_and_no_more(book: Book) {
    entered(&book, ROOM, OWNER).await;
    let first = invited(&book, ROOM, &token(0), None, None).await;
    for n in 1..INVITES_PER_ROOM {
        invited(&book, ROOM, &token(n as u8), None, None).await;
    }
    let more = token(200);
    let new = NewInvite {
        token: &more,
        channel: ROOM,
        maker: OWNER,
        expires_in: Some(SHORT),
        max_uses: None,
    };
    assert_eq!(book.add_invite(&new).await.unwrap(), Invited::Full);
    book.revoke(first).await.unwrap();
    assert!(matches!(
        book.add_invite(&new).await.unwrap(),
        Invited::Entered(_)
    ));
    // it expires and makes room
    let next = token(201);
    let new = NewInvite {
        token: &next,
        ..new
    };
    eventually(async || book.add_invite(&new).await.unwrap() != Invited::Full).await;
}

pub(crate) async fn another_token_is_another_invite(book: Book) {
    entered(&book, ROOM, OWNER).await;
    invited(&book, ROOM, &token(1), None, None).await;
    assert_eq!(book.use_invite(&token(2), GUEST).await.unwrap(), None);
    assert_ne!(invite_id(&token(1)), invite_id(&token(2)));
}

pub(crate) async fn too_many_uses_are_refused(book: Book) {
    entered(&book, ROOM, OWNER).await;
    let token = token(1);
    for uses in [0, MAX_USES + 1] {
        let new = NewInvite {
            token: &token,
            channel: ROOM,
            maker: OWNER,
            expires_in: None,
            max_uses: Some(uses),
        };
        assert!(book.add_invite(&new).await.is_err(), "{uses}");
    }
}
