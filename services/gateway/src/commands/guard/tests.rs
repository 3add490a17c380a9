use std::sync::atomic::{AtomicU32, Ordering};

use contracts::UserId;
use room_book::MemoryBook;
use serde_json::value::to_raw_value;

use super::*;

fn command() -> Command {
    Command {
        command: "createRoom".to_owned(),
        payload: to_raw_value("payload").unwrap(),
        actor: UserId::new(1),
        idempotency_key: "key".to_owned(),
        trace: None,
    }
}

fn book() -> Arc<dyn RoomBook> {
    Arc::new(MemoryBook::new())
}

fn seal() -> Seal {
    Seal::new(&"the bot's token".into())
}

fn failed(code: &str, certain: bool) -> Failed {
    let failed = Failed::from(LinkError::new(502, code, ""));
    if certain { failed } else { failed.uncertain() }
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_second_waits_for_the_answer_of_the_first() {
    let (book, done) = (book(), AtomicU32::new(0));
    let command = command();
    let work = || async {
        sleep(Duration::from_secs(1)).await;
        let nth = done.fetch_add(1, Ordering::Relaxed);
        Ok(to_raw_value(&nth).unwrap())
    };
    let seal = seal();
    let (first, second) = tokio::join!(
        once(&book, &seal, &command, "a", work()),
        once(&book, &seal, &command, "b", work())
    );
    assert_eq!((first.unwrap().get(), second.unwrap().get()), ("0", "0"));
}

#[tokio::test(start_paused = true)]
async fn who_died_doing_it_leaves_it_unknown_until_its_time_is_over() {
    let (book, seal, command) = (book(), seal(), command());
    let died = once(&book, &seal, &command, "a", std::future::pending());
    let gone = tokio::time::timeout(Duration::from_secs(1), died).await;
    assert!(gone.is_err());
    let never = async { panic!("it is not done a second time") };
    let unknown = once(&book, &seal, &command, "b", never).await.unwrap_err();
    assert_eq!(
        (unknown.status, unknown.code.as_str()),
        (502, "outcome-unknown")
    );
    sleep(UNDER_WAY).await;
    let anew = async { Ok(to_raw_value("anew").unwrap()) };
    assert_eq!(
        once(&book, &seal, &command, "c", anew).await.unwrap().get(),
        "\"anew\""
    );
}

#[tokio::test(start_paused = true)]
async fn a_certain_refusal_is_forgotten_and_an_uncertain_one_is_kept() {
    let (book, command) = (book(), command());
    let refused = async { Err(failed("refused", true)) };
    let error = once(&book, &seal(), &command, "a", refused)
        .await
        .unwrap_err();
    assert_eq!(error.code, "refused");
    let uncertain = async { Err(failed("uncertain", false)) };
    let error = once(&book, &seal(), &command, "b", uncertain)
        .await
        .unwrap_err();
    assert_eq!(error.code, "uncertain");
    let never = async { panic!("it may have been done") };
    let error = once(&book, &seal(), &command, "c", never)
        .await
        .unwrap_err();
    assert_eq!(error.code, "uncertain");
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_kept_sealed() {
    let (book, command) = (book(), command());
    let token = "an-invite's-token";
    let made = async { Ok(to_raw_value(token).unwrap()) };
    let first = once(&book, &seal(), &command, "a", made).await.unwrap();
    let content = format!("{} {}", command.command, command.payload.get());
    let key = CommandKey::new(command.actor, &command.idempotency_key, &content);
    let begun = book.begin(&key, "b", UNDER_WAY).await.unwrap();
    let Begun::Done { answer } = begun else {
        panic!("it was done: {begun:?}")
    };
    assert!(!answer.contains(token), "{answer}");
    let never = async { panic!("it is not done a second time") };
    let again = once(&book, &seal(), &command, "c", never).await.unwrap();
    assert_eq!(again.get(), first.get());
}
