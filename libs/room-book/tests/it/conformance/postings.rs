use contracts::{MessageId, UserId};
use room_book::{Behalf, POSTINGS_PER_CHANNEL, Posting};

use super::{Book, GUEST, LONG, OTHER_ROOM, OWNER, ROOM, SHORT, eventually};

const MESSAGE: MessageId = MessageId::new(90_000_000_000_000_001);
const NEXT: MessageId = MessageId::new(90_000_000_000_000_002);

fn posting(id: &str, user: UserId) -> Posting {
    Posting {
        id: id.to_owned(),
        channel: ROOM,
        user,
        mark: "webhook 7 Zoë (the 2nd)".to_owned(),
    }
}

async fn behalf(book: &Book, message: MessageId) -> Behalf {
    let mark = posting("", OWNER).mark;
    book.behalf(ROOM, message, &mark, LONG).await.unwrap()
}

pub(crate) async fn whose_it_is_is_known_before_the_answer(book: Book) {
    assert_eq!(behalf(&book, MESSAGE).await, Behalf::Nobody);
    assert!(book.posting(&posting("a", OWNER), LONG).await.unwrap());
    let mark = posting("", OWNER).mark;
    let others = book.behalf(OTHER_ROOM, MESSAGE, &mark, LONG).await;
    assert_eq!(others.unwrap(), Behalf::Nobody);
    let unlike = book.behalf(ROOM, MESSAGE, "webhook 7 Zoë", LONG).await;
    assert_eq!(unlike.unwrap(), Behalf::Nobody);
    // again and again: a dispatch may be replayed, on another instance
    for _ in 0..2 {
        assert_eq!(behalf(&book, MESSAGE).await, Behalf::Of(OWNER));
    }
    // it is one message's, not the next one's
    assert_eq!(behalf(&book, NEXT).await, Behalf::Nobody);
    book.posted(&posting("a", OWNER), MESSAGE, LONG)
        .await
        .unwrap();
    assert_eq!(behalf(&book, MESSAGE).await, Behalf::Of(OWNER));
}

pub(crate) async fn whose_it_is_is_known_after_the_answer(book: Book) {
    let posting = posting("a", OWNER);
    book.posting(&posting, LONG).await.unwrap();
    book.posted(&posting, MESSAGE, LONG).await.unwrap();
    assert_eq!(behalf(&book, MESSAGE).await, Behalf::Of(OWNER));
    assert_eq!(behalf(&book, NEXT).await, Behalf::Nobody);
}

pub(crate) async fn several_of_one_user_are_all_theirs(book: Book) {
    book.posting(&posting("a", OWNER), LONG).await.unwrap();
    book.posting(&posting("b", OWNER), LONG).await.unwrap();
    assert_eq!(behalf(&book, MESSAGE).await, Behalf::Of(OWNER));
    assert_eq!(behalf(&book, NEXT).await, Behalf::Of(OWNER));
}

pub(crate) async fn several_users_that_look_the_same_are_told_apart_by_the_answer(book: Book) {
    book.posting(&posting("a", OWNER), LONG).await.unwrap();
    book.posting(&posting("b", GUEST), LONG).await.unwrap();
    assert_eq!(behalf(&book, NEXT).await, Behalf::Unclear);
    book.posted(&posting("a", OWNER), MESSAGE, LONG)
        .await
        .unwrap();
    assert_eq!(behalf(&book, MESSAGE).await, Behalf::Of(OWNER));
    assert_eq!(behalf(&book, NEXT).await, Behalf::Of(GUEST));
}

pub(crate) async fn what_was_not_posted_is_nobodys(book: Book) {
    book.posting(&posting("a", OWNER), LONG).await.unwrap();
    book.not_posted(&posting("a", OWNER)).await.unwrap();
    assert_eq!(behalf(&book, MESSAGE).await, Behalf::Nobody);
}

pub(crate) async fn a_posting_runs_out(book: Book) {
    book.posting(&posting("a", OWNER), SHORT).await.unwrap();
    book.posting(&posting("b", GUEST), LONG).await.unwrap();
    eventually(async || behalf(&book, MESSAGE).await == Behalf::Of(GUEST)).await;
}

pub(crate) async fn a_channel_takes_so_many_and_no_more(book: Book) {
    let posted = async |n: usize| {
        let posting = posting(&n.to_string(), OWNER);
        book.posting(&posting, LONG).await.unwrap()
    };
    for n in 0..POSTINGS_PER_CHANNEL {
        assert!(posted(n).await, "{n}");
    }
    assert!(!posted(POSTINGS_PER_CHANNEL).await);
    let other = Posting {
        channel: OTHER_ROOM,
        ..posting("x", OWNER)
    };
    assert!(book.posting(&other, LONG).await.unwrap());
}

pub(crate) async fn many_messages_are_asked_for_at_once(book: Book) {
    assert!(book.behalves(&[]).await.unwrap().is_empty());
    book.posted(&posting("a", OWNER), MESSAGE, LONG)
        .await
        .unwrap();
    book.posted(&posting("b", GUEST), NEXT, LONG).await.unwrap();
    let unknown = MessageId::new(1);
    let known = book.behalves(&[NEXT, unknown, MESSAGE]).await.unwrap();
    assert_eq!(
        known.into_iter().collect::<Vec<_>>(),
        [(MESSAGE, OWNER), (NEXT, GUEST)]
    );
}
