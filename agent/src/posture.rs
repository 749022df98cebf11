//! Probes: programs that find out what the device cannot know by itself.

use std::process::{ExitStatus, Stdio};

use latch_verify::{device::Observation, types::Posture};
use tokio::{
    process::Command,
    sync::mpsc,
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};
use tracing::{info, warn};

use crate::{config::Probe, hooks::Group};

/// Findings that may wait for the relay, which takes each within milliseconds.
const WAITING: usize = 32;

/// The probes at work; dropping it ends them and what they have started.
pub(crate) struct Probes {
    findings: mpsc::Receiver<Observation>,
    _tasks: JoinSet<()>,
}

impl Probes {
    /// Asks every probe now, and again and again.
    pub(crate) fn start(probes: &[Probe]) -> Self {
        let (sender, findings) = mpsc::channel(WAITING);
        let mut tasks = JoinSet::new();
        for probe in probes {
            tasks.spawn(watch(probe.clone(), sender.clone()));
        }
        Self {
            findings,
            _tasks: tasks,
        }
    }

    /// What a probe has found next; never, where there is none.
    pub(crate) async fn next(&mut self) -> Observation {
        match self.findings.recv().await {
            Some(finding) => finding,
            None => std::future::pending().await,
        }
    }
}

async fn watch(probe: Probe, findings: mpsc::Sender<Observation>) {
    let mut rounds = interval(probe.every);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut before = None;
    loop {
        rounds.tick().await;
        let found = ask(&probe).await;
        if before != Some(found) {
            let value = found.map_or("unknown", |holds| if holds { "true" } else { "false" });
            info!(fact = probe.name, bit = probe.bit, value, "posture");
            before = Some(found);
        }
        if findings.send(finding(&probe, found)).await.is_err() {
            return;
        }
    }
}

/// What the device is told. A fact that is not known is unknown from now on.
fn finding(probe: &Probe, found: Option<bool>) -> Observation {
    let fact = 1_u32.checked_shl(probe.bit.into()).unwrap_or_default();
    let bit = |set: bool| if set { fact } else { 0 };
    Observation {
        facts: fact,
        posture: Posture {
            known: bit(found.is_some()),
            value: bit(found == Some(true)),
        },
        max_age_ms: u64::try_from(probe.max_age.as_millis()).unwrap_or(u64::MAX),
    }
}

/// Runs a probe: true, false, or not known. One that is not done when the next round begins is
/// ended.
async fn ask(probe: &Probe) -> Option<bool> {
    let name = &probe.name;
    let started = Command::new(&probe.program.path)
        .args(&probe.program.arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(cause) => {
            let program = probe.program.path.display();
            warn!(fact = name, %program, %cause, "posture probe cannot be started");
            return None;
        }
    };
    let mut group = Group::of(&child);
    match timeout(probe.every, child.wait()).await {
        Ok(Ok(status)) => {
            group.release();
            meaning(status)
        }
        Ok(Err(cause)) => {
            warn!(fact = name, %cause, "posture probe cannot be waited for");
            None
        }
        Err(_) => {
            warn!(fact = name, "posture probe took too long and is ended");
            None
        }
    }
}

fn meaning(status: ExitStatus) -> Option<bool> {
    match status.code() {
        Some(0) => Some(true),
        Some(1) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::Program;

    fn probe(script: &str, every: Duration) -> Probe {
        Probe {
            name: "idle".to_owned(),
            bit: 5,
            program: Program {
                path: "/bin/sh".into(),
                arguments: vec!["-c".to_owned(), script.to_owned()],
            },
            every,
            max_age: Duration::from_secs(90),
        }
    }

    #[tokio::test]
    async fn only_0_and_1_are_answers() {
        // Far longer than a script takes; only bounds a hang.
        let every = Duration::from_secs(60);
        for (script, found) in [
            ("exit 0", Some(true)),
            ("exit 1", Some(false)),
            ("exit 2", None),
            ("kill -TERM $$", None),
        ] {
            assert_eq!(ask(&probe(script, every)).await, found, "{script}");
        }
        let mut missing = probe("", every);
        missing.program.path = "/nowhere/at/all".into();
        assert_eq!(ask(&missing).await, None);
        let hangs = probe("sleep 1000", Duration::from_secs(1));
        assert_eq!(ask(&hangs).await, None);
    }

    #[test]
    fn a_finding_speaks_of_its_own_fact() {
        let probe = probe("", Duration::from_secs(30));
        let of = |found| {
            let Observation {
                facts,
                posture: Posture { known, value },
                max_age_ms,
            } = finding(&probe, found);
            assert_eq!((facts, max_age_ms), (1 << 5, 90_000));
            (known, value)
        };
        assert_eq!(of(Some(true)), (1 << 5, 1 << 5));
        assert_eq!(of(Some(false)), (1 << 5, 0));
        assert_eq!(of(None), (0, 0));
    }
}
