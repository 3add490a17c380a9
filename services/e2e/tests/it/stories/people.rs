//! Two people, a room and what each may see and do.

use std::process::Command;

use crate::stack::Stack;

/// What only the staff may read in `people.sh`.
const SECRET: &str = "the-secret-of-the-staff";

#[tokio::test(flavor = "multi_thread")]
async fn two_people_make_and_share_a_room_with_curl_and_see_what_is_theirs() {
    let stack = Stack::start(2).await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/people.sh");
    let mut command = Command::new("bash");
    command
        .arg(script)
        .env("WEB1", &stack.webs[0].url)
        .env("WEB2", &stack.webs[1].url)
        .env("SIM", &stack.control.url);
    let done = tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("no panic")
        .expect("bash and curl are there");
    let told = String::from_utf8_lossy(&done.stdout);
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{told}{errors}");
    assert!(told.ends_with("ok\n"), "{told}");
    let logs = stack.webs.iter().map(|web| web.process.output());
    for log in logs.chain([stack.gateway.output()]) {
        assert!(!log.contains(SECRET), "a message stands in a log:\n{log}");
    }
}
