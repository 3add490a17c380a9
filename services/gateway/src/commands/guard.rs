//! A command is done once, however often it is asked and whoever is asked.

use std::{future::Future, sync::Arc, time::Duration};

use contracts::link::{Command, LinkError};
use room_book::{Begun, BookError, CommandKey, RoomBook};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep};
use tracing::{error, warn};

use super::{refusal::Failed, seal::Seal};

/// How long a command is known to be under way if nothing more is heard of it. Longer than any takes; whoever asks meanwhile
/// is told that its outcome is not known, and whoever asks later has it done.
const UNDER_WAY: Duration = Duration::from_mins(2);
/// How long an answer is kept.
const KEPT: Duration = Duration::from_mins(10);
/// How long whoever asks for what is under way waits for it.
const PATIENCE: Duration = Duration::from_secs(8);
/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often an answer is written down before that is given up: then the command stays under way, and is not done twice.
const WRITES: u32 = 3;

/// An answer as it is stored, sealed.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Answer {
    Done(Box<RawValue>),
    Failed(LinkError),
}

/// Answers for a command that was begun before, else does it. `runner` names whoever does it.
pub(super) async fn once(
    book: &Arc<dyn RoomBook>,
    seal: &Seal,
    command: &Command,
    runner: &str,
    work: impl Future<Output = Result<Box<RawValue>, Failed>>,
) -> Result<Box<RawValue>, LinkError> {
    let content = format!("{} {}", command.command, command.payload.get());
    let key = CommandKey::new(command.actor, &command.idempotency_key, &content);
    match begun(book, &key, runner).await {
        Ok(Begun::New) => {}
        Ok(Begun::Done { answer }) => return stored(seal, &key, &answer),
        Ok(Begun::UnderWay) => return Err(unknown()),
        Ok(Begun::Another) => {
            let message = "Something else was asked under this idempotency key.";
            return Err(LinkError::new(409, "idempotency-key-reused", message));
        }
        Err(error) => return Err(Failed::from(error).error),
    }
    match work.await {
        Ok(result) => {
            let answer = Answer::Done(result);
            finish(book, seal, &key, runner, &answer).await;
            match answer {
                Answer::Done(result) => Ok(result),
                Answer::Failed(error) => Err(error),
            }
        }
        Err(Failed {
            error,
            certain: true,
        }) => {
            if let Err(error) = book.abandon(&key, runner).await {
                warn!(component = "Gateway", %error, "a command that was refused stays under way for a while");
            }
            Err(error)
        }
        Err(Failed { error, .. }) => {
            finish(book, seal, &key, runner, &Answer::Failed(error.clone())).await;
            Err(error)
        }
    }
}

/// Begins it; what is under way is waited for.
async fn begun(
    book: &Arc<dyn RoomBook>,
    key: &CommandKey,
    runner: &str,
) -> Result<Begun, BookError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let begun = book.begin(key, runner, UNDER_WAY).await?;
        if begun != Begun::UnderWay || Instant::now() >= deadline {
            return Ok(begun);
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn finish(
    book: &Arc<dyn RoomBook>,
    seal: &Seal,
    key: &CommandKey,
    runner: &str,
    answer: &Answer,
) {
    let text = serde_json::to_string(answer).ok();
    let Some(text) = text.and_then(|text| seal.seal(key.key(), &text)) else {
        error!(
            component = "Gateway",
            "the answer to a command can't be sealed; it stays under way for a while"
        );
        return;
    };
    for _ in 0..WRITES {
        match book.finish(key, runner, &text, KEPT).await {
            Ok(()) => return,
            Err(error) => {
                warn!(component = "Gateway", %error, "the answer to a command can't be written down");
            }
        }
    }
}

fn stored(seal: &Seal, key: &CommandKey, answer: &str) -> Result<Box<RawValue>, LinkError> {
    let opened = seal.open(key.key(), answer);
    match opened.and_then(|text| serde_json::from_str(&text).ok()) {
        Some(Answer::Done(result)) => Ok(result),
        Some(Answer::Failed(error)) => Err(error),
        None => Err(unknown()),
    }
}

/// Whoever did it is gone, or takes long. It may have been done, so it is not done again.
fn unknown() -> LinkError {
    let message =
        "It was asked before, and nobody knows yet what became of it. Look before you ask anew.";
    LinkError::new(502, "outcome-unknown", message)
}

#[cfg(test)]
mod tests;
