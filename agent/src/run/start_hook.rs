//! From a hook to the program that carries it out.

use std::io;

use latch_agent::{Hook, HookResult, LatchEvent};
use serde_json::Value;
use tokio::task::JoinHandle;
use tracing::warn;

use super::Daemon;
use crate::{hooks, images, orders::order};

impl Daemon {
    /// Starts the program for a hook.
    pub(super) fn begin_hook(&mut self, hook: &Hook) -> JoinHandle<HookResult> {
        let name = hook.name();
        let hooks = &self.config.hooks;
        let program = match hook {
            Hook::Twin { .. } => &hooks.twin,
            Hook::Command { .. } => &hooks.command,
            Hook::Latch { .. } => &hooks.latch,
            Hook::Activate { .. } => &hooks.activate,
            Hook::Health { .. } => &hooks.health,
        };
        let (program, limit) = (program.clone(), hooks.timeout);
        let Some(program) = program else {
            let result = without_program(hook);
            return tokio::spawn(async move { result });
        };
        match self.input(hook) {
            Ok(input) => tokio::spawn(hooks::run(
                name,
                program,
                limit,
                input.to_string().into_bytes(),
            )),
            Err(cause) => {
                warn!(hook = name, %cause, "the image cannot be handed to the hook");
                tokio::spawn(async { Err(hooks::NOT_STARTED) })
            }
        }
    }

    /// What a hook is told.
    fn input(&mut self, hook: &Hook) -> io::Result<Value> {
        let path = match hook {
            Hook::Activate { image, reverting } => {
                let folder = self.dir.images();
                match self.core.device_mut() {
                    Some(device) if !reverting => images::export(device, image, &folder)?,
                    _ => images::find(image, &folder)?,
                }
            }
            _ => None,
        };
        Ok(order(&self.device_name, hook, path.as_deref()))
    }
}

/// What happens where no program is configured. State needs none, and is published for whoever
/// reads it; what has closed has nothing behind it. A command that nobody carries out was not
/// carried out, and a latch behind which nobody opens anything is not open.
fn without_program(hook: &Hook) -> HookResult {
    let event = match hook {
        Hook::Command { .. } => None,
        Hook::Latch { event, .. } => Some(event),
        _ => return Ok(()),
    };
    match event {
        Some(LatchEvent::Close { .. } | LatchEvent::Lockdown) => Ok(()),
        _ => {
            let hook = hook.name();
            warn!(
                hook,
                "no program is configured for this hook: add it to [hooks] in the configuration"
            );
            Err(hooks::NOT_FOUND)
        }
    }
}

#[cfg(test)]
mod tests {
    use latch_verify::types::{LatchId, StatementId};
    use serde_json::json;

    use super::*;

    fn latch(event: LatchEvent) -> Hook {
        let latch = LatchId::new(4);
        Hook::Latch {
            statement: None,
            latch,
            event,
        }
    }

    #[test]
    fn without_a_program_nothing_opens_and_everything_closes() {
        let command = Hook::Command {
            statement: StatementId([1; 16]),
            name: "restart".to_owned(),
            arguments: json!({}),
        };
        let missing = Err(hooks::NOT_FOUND);
        assert_eq!(without_program(&command), missing);
        let seconds = 600;
        for event in [LatchEvent::Open { seconds }, LatchEvent::Renew { seconds }] {
            assert_eq!(without_program(&latch(event)), missing, "{event:?}");
        }
        for event in [LatchEvent::Close { cause: None }, LatchEvent::Lockdown] {
            assert_eq!(without_program(&latch(event)), Ok(()), "{event:?}");
        }
        let twin = Hook::Twin {
            statement: StatementId([1; 16]),
            version: 1,
            patch: None,
            twin: json!({}),
        };
        assert_eq!(without_program(&twin), Ok(()));
    }
}
