use std::{fs, path::Path};

use super::*;

/// Far longer than a script takes; only bounds a hang.
const LIMIT: Duration = Duration::from_secs(60);

fn shell(script: &str) -> Program {
    Program {
        path: "/bin/sh".into(),
        arguments: vec!["-c".to_owned(), script.to_owned()],
    }
}

async fn told(script: &str, input: &[u8]) -> HookResult {
    run("twin", shell(script), LIMIT, input.to_vec()).await
}

#[tokio::test]
async fn a_program_is_told_and_its_number_is_what_counts() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("heard");
    let script = format!("cat > {}", file.display());
    assert_eq!(told(&script, b"{\"kind\":\"twin\"}").await, Ok(()));
    assert_eq!(fs::read(&file).unwrap(), b"{\"kind\":\"twin\"}");
    assert_eq!(told("exit 7", b"").await, Err(7));
    assert_eq!(told("kill -TERM $$", b"").await, Err(143));
}

#[tokio::test]
async fn a_program_that_cannot_be_started_has_a_number_too() {
    let missing = Program {
        path: "/nowhere/at/all".into(),
        arguments: Vec::new(),
    };
    assert_eq!(
        run("twin", missing, LIMIT, Vec::new()).await,
        Err(NOT_FOUND)
    );
    let folder = Program {
        path: std::env::temp_dir(),
        arguments: Vec::new(),
    };
    assert_eq!(
        run("twin", folder, LIMIT, Vec::new()).await,
        Err(NOT_STARTED)
    );
}

#[tokio::test]
async fn a_program_may_ignore_its_input_and_say_a_lot() {
    let input = vec![b'x'; 1 << 20];
    assert_eq!(told("exit 0", &input).await, Ok(()));
    assert_eq!(
        told("head -c 300000 /dev/zero || exit 9", b"").await,
        Ok(())
    );
}

#[tokio::test]
async fn a_program_that_hangs_is_ended_with_all_it_has_started() {
    let dir = tempfile::tempdir().unwrap();
    let pid_file = dir.path().join("pid");
    // The grandchild would outlive its shell.
    let script = format!("sleep 1000 & echo $! > {}; wait", pid_file.display());
    let result = run("twin", shell(&script), Duration::from_secs(1), Vec::new()).await;
    assert_eq!(result, Err(TIMED_OUT));
    gone(&pid_file).await;
}

#[tokio::test]
async fn dropping_it_ends_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let pid_file = dir.path().join("pid");
    let script = format!(
        "echo $$ > {0}.new; mv {0}.new {0}; sleep 1000",
        pid_file.display()
    );
    let task = tokio::spawn(run("twin", shell(&script), LIMIT, Vec::new()));
    while !pid_file.exists() {
        tokio::task::yield_now().await;
    }
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    gone(&pid_file).await;
}

/// Waits for a process to be gone, or dead and not yet reaped.
async fn gone(pid_file: &Path) {
    let pid = fs::read_to_string(pid_file).unwrap();
    let status = format!("/proc/{}/stat", pid.trim());
    let ended = timeout(LIMIT, async {
        while fs::read_to_string(&status).is_ok_and(|stat| !stat.contains(") Z ")) {
            tokio::task::yield_now().await;
        }
    });
    ended.await.expect("the process goes on");
}
