//! Programs that carry out what the device unlatches: started without a shell, told by JSON
//! on their input, ended when they take too long.

use std::{
    os::unix::process::ExitStatusExt as _,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use latch_agent::HookResult;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};
use tracing::{info, warn};

use crate::config::Program;

/// The number for a program that was ended because it took too long, as timeout(1) has it.
pub(crate) const TIMED_OUT: i32 = 124;
/// The number for a program that could not be started, as shells have it.
pub(crate) const NOT_STARTED: i32 = 126;
/// The number for a program that is not there, as shells have it.
pub(crate) const NOT_FOUND: i32 = 127;
/// Added to the number of the signal that ended a program, as shells do.
const SIGNALLED: i32 = 128;

/// Longest line of output in the log, in bytes; a longer one is logged in parts.
const LINE_MAX: u64 = 1024;
/// Output of one program in the log, in bytes on each stream; what follows is read and dropped.
const OUTPUT_MAX: u64 = 64 * 1024;
/// How long output is read after its program has ended: what it has started in the background
/// may keep the stream open for good.
const OUTPUT_GRACE: Duration = Duration::from_millis(500);

/// Runs a program to its end.
///
/// Dropping the future ends the program and all that it has started.
pub(crate) async fn run(
    hook: &'static str,
    program: Program,
    limit: Duration,
    input: Vec<u8>,
) -> HookResult {
    let started = Command::new(&program.path)
        .args(&program.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(cause) => {
            warn!(hook, program = %program.path.display(), %cause, "hook cannot be started");
            let missing = cause.kind() == std::io::ErrorKind::NotFound;
            return Err(if missing { NOT_FOUND } else { NOT_STARTED });
        }
    };
    let mut group = Group::of(&child);
    info!(hook, "hook started");
    let streams = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut stdin), Some(stdout), Some(stderr)) = streams else {
        return Err(NOT_STARTED);
    };
    let mut output = tokio::spawn(async move {
        tokio::join!(log(hook, "stdout", stdout), log(hook, "stderr", stderr));
    });
    let ended = timeout(limit, async {
        // A program need not read what it is told.
        let told = async move {
            let _ = stdin.write_all(&input).await;
            drop(stdin);
        };
        let ((), status) = tokio::join!(told, child.wait());
        status
    });
    let result = match ended.await {
        Ok(Ok(status)) => {
            // What it has left running goes on by its own will.
            group.release();
            result_of(status)
        }
        Ok(Err(cause)) => {
            warn!(hook, %cause, "hook cannot be waited for");
            Err(NOT_STARTED)
        }
        Err(_) => {
            warn!(
                hook,
                limit_s = limit.as_secs(),
                "hook took too long and is ended"
            );
            Err(TIMED_OUT)
        }
    };
    drop(group);
    info!(hook, code = result.err().unwrap_or_default(), "hook ended");
    if timeout(OUTPUT_GRACE, &mut output).await.is_err() {
        output.abort();
    }
    result
}

fn result_of(status: ExitStatus) -> HookResult {
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(()),
        (Some(code), _) => Err(code),
        (None, signal) => Err(signal.unwrap_or_default().saturating_add(SIGNALLED)),
    }
}

/// A program's process group, which is ended when this is dropped.
pub(crate) struct Group(Option<Pid>);

impl Group {
    pub(crate) fn of(child: &Child) -> Self {
        let raw = child.id().and_then(|id| i32::try_from(id).ok());
        Self(raw.and_then(Pid::from_raw))
    }

    pub(crate) fn release(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0.take() {
            // It may have ended by itself a moment ago.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

async fn log(hook: &'static str, stream: &'static str, from: impl AsyncRead + Unpin) {
    let mut reader = BufReader::new(from);
    let mut left = OUTPUT_MAX;
    while left > 0 {
        let mut line = Vec::new();
        let most = LINE_MAX.min(left);
        match (&mut reader).take(most).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(length) => left = left.saturating_sub(u64::try_from(length).unwrap_or(left)),
        }
        let line = String::from_utf8_lossy(&line);
        info!(hook, stream, line = line.trim_end(), "hook says");
    }
    warn!(hook, stream, "hook says more than is logged");
    let _ = tokio::io::copy(&mut reader, &mut tokio::io::sink()).await;
}

#[cfg(test)]
mod tests;
