use std::path::Path;

use tokio::process::Command;

use crate::stack::Stack;

/// What schemathesis has for the whole run.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(240);

/// The `OpenAPI` document says what is true: schemathesis, told by `api/schemathesis.toml`, sends everything that it allows and much that
/// it does not, as people of the simulator (`api/people.py`), and looks at every answer.
#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_one_that_the_interface_describes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("api");
    let program = folder.join("../../../target/python/api/bin/schemathesis");
    assert!(
        program.exists(),
        "schemathesis is not installed: run `make tools`"
    );
    let stack = Stack::with_choice(1).await;
    let url = &stack.webs[0].url;
    // What it keeps between runs goes with the folder.
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(program);
    command
        .arg("--config-file")
        .arg(folder.join("schemathesis.toml"))
        .args(["run", &format!("{url}/api/openapi.json")])
        .current_dir(scratch.path())
        .env("SCHEMATHESIS_HOOKS", folder.join("people.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("WEB_URL", url)
        .env("NO_COLOR", "1")
        .kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, command.output())
        .await
        .expect("schemathesis ends in time")
        .expect("schemathesis starts");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    println!("{told}");
}
