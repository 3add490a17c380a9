use std::{path::Path, process::Command};

use crate::stack::Stack;

/// The story itself is `browser/page.mjs`: Chromium signs in through the simulator, sees people come and go, and does what the page
/// offers.
#[tokio::test(flavor = "multi_thread")]
async fn in_chromium_people_come_and_go_and_rooms_are_made_and_closed() {
    let stack = Stack::operated(1).await;
    stack.control.empty_rooms().await;
    let (room, name) = stack.control.room(0).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    let mut command = Command::new("node");
    command.arg("page.mjs").current_dir(&folder);
    command
        .env("WEB_URL", &stack.webs[0].url)
        .env("CONTROL_URL", &stack.control.url);
    command.env("ROOM_ID", room).env("ROOM_NAME", name);
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .expect("node is installed");
    let told = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{told}");
}
