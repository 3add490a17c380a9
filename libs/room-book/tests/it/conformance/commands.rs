use room_book::{Begun, CommandKey, LONGEST_ANSWER};

use super::{Book, GUEST, LONG, OWNER, SHORT, eventually};

fn key() -> CommandKey {
    CommandKey::new(OWNER, "a key of the user's", "createRoom {}")
}

pub(crate) async fn a_command_is_new_to_one_of_many(book: Book) {
    let mut runners = tokio::task::JoinSet::new();
    for n in 0..20 {
        let book = book.clone();
        runners.spawn(async move { book.begin(&key(), &n.to_string(), LONG).await.unwrap() });
    }
    let begun = runners.join_all().await.into_iter();
    assert_eq!(begun.filter(|begun| *begun == Begun::New).count(), 1);
}

pub(crate) async fn a_command_that_was_done_is_answered_again(book: Book) {
    assert_eq!(book.begin(&key(), "a", LONG).await.unwrap(), Begun::New);
    let answer = "{\"a\": \"1 2\\n3 ä\"}\nand more";
    book.finish(&key(), "a", answer, LONG).await.unwrap();
    for runner in ["a", "b"] {
        let done = Begun::Done {
            answer: answer.to_owned(),
        };
        assert_eq!(book.begin(&key(), runner, LONG).await.unwrap(), done);
    }
}

pub(crate) async fn a_command_that_is_under_way_says_so(book: Book) {
    assert_eq!(book.begin(&key(), "a", LONG).await.unwrap(), Begun::New);
    assert_eq!(
        book.begin(&key(), "b", LONG).await.unwrap(),
        Begun::UnderWay
    );
}

pub(crate) async fn the_same_runner_may_ask_again(book: Book) {
    for _ in 0..2 {
        assert_eq!(book.begin(&key(), "a", LONG).await.unwrap(), Begun::New);
    }
}

pub(crate) async fn another_command_under_the_key_shows(book: Book) {
    book.begin(&key(), "a", LONG).await.unwrap();
    let other = CommandKey::new(OWNER, "a key of the user's", "deleteRoom {}");
    assert_eq!(book.begin(&other, "b", LONG).await.unwrap(), Begun::Another);
    book.finish(&key(), "a", "{}", LONG).await.unwrap();
    assert_eq!(book.begin(&other, "b", LONG).await.unwrap(), Begun::Another);
}

pub(crate) async fn a_command_that_was_abandoned_is_new(book: Book) {
    book.begin(&key(), "a", LONG).await.unwrap();
    book.abandon(&key(), "b").await.unwrap();
    assert_eq!(
        book.begin(&key(), "b", LONG).await.unwrap(),
        Begun::UnderWay
    );
    book.abandon(&key(), "a").await.unwrap();
    assert_eq!(book.begin(&key(), "b", LONG).await.unwrap(), Begun::New);
}

pub(crate) async fn what_was_done_is_not_abandoned(book: Book) {
    book.begin(&key(), "a", LONG).await.unwrap();
    book.finish(&key(), "a", "{}", LONG).await.unwrap();
    book.abandon(&key(), "a").await.unwrap();
    let again = book.begin(&key(), "b", LONG).await.unwrap();
    assert!(matches!(again, Begun::Done { .. }), "{again:?}");
}

pub(crate) async fn a_dead_runner_is_forgotten_in_time(book: Book) {
    book.begin(&key(), "a", SHORT).await.unwrap();
    eventually(async || book.begin(&key(), "b", LONG).await.unwrap() == Begun::New).await;
    let other = CommandKey::new(GUEST, "done", "");
    book.begin(&other, "a", LONG).await.unwrap();
    book.finish(&other, "a", "{}", SHORT).await.unwrap();
    eventually(async || book.begin(&other, "b", LONG).await.unwrap() == Begun::New).await;
}

pub(crate) async fn keys_are_of_their_actor(book: Book) {
    book.begin(&key(), "a", LONG).await.unwrap();
    let theirs = CommandKey::new(GUEST, "a key of the user's", "createRoom {}");
    assert_eq!(book.begin(&theirs, "b", LONG).await.unwrap(), Begun::New);
}

pub(crate) async fn a_late_answer_does_not_replace_another_runners(book: Book) {
    book.begin(&key(), "late", SHORT).await.unwrap();
    eventually(async || book.begin(&key(), "next", LONG).await.unwrap() == Begun::New).await;
    book.finish(&key(), "late", "late", LONG).await.unwrap();
    book.finish(&key(), "next", "next", LONG).await.unwrap();
    let answer = "next".to_owned();
    let again = book.begin(&key(), "third", LONG).await.unwrap();
    assert_eq!(again, Begun::Done { answer });
}

pub(crate) async fn an_answer_too_long_is_refused(book: Book) {
    book.begin(&key(), "a", LONG).await.unwrap();
    let answer = "x".repeat(LONGEST_ANSWER + 1);
    assert!(book.finish(&key(), "a", &answer, LONG).await.is_err());
    assert_eq!(
        book.begin(&key(), "b", LONG).await.unwrap(),
        Begun::UnderWay
    );
}
