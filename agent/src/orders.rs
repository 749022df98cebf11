//! What hooks are told: one JSON object each.

use std::path::Path;

use latch_agent::{Hook, LatchEvent};
use serde_json::{Value, json};

/// The object for a hook. `path` is where the image of an `activate` lies as a file, if it does.
pub(crate) fn order(device: &str, hook: &Hook, path: Option<&Path>) -> Value {
    let mut order = match hook {
        Hook::Twin {
            statement,
            version,
            patch,
            twin,
        } => json!({
            "statement": statement.to_string(), "version": version, "patch": patch, "twin": twin,
        }),
        Hook::Command {
            statement,
            name,
            arguments,
        } => json!({
            "statement": statement.to_string(), "name": name, "arguments": arguments,
        }),
        Hook::Latch {
            statement,
            latch,
            event,
        } => json!({
            "statement": statement.map(|statement| statement.to_string()),
            "latch": latch.map(|latch| latch.number()),
            "event": event_name(event), "seconds": seconds(event), "cause": cause(event),
        }),
        Hook::Activate { image, reverting } => json!({
            "reverting": reverting, "component": image.component, "version": image.version.to_string(),
            "manifest": image.manifest.to_string(), "path": path, "size": image.size,
        }),
        Hook::Health { image } => json!({
            "component": image.component, "version": image.version.to_string(), "manifest": image.manifest.to_string(),
        }),
    };
    order["kind"] = hook.name().into();
    order["device"] = device.into();
    order
}

fn event_name(event: &LatchEvent) -> &'static str {
    match event {
        LatchEvent::Open { .. } => "open",
        LatchEvent::Renew { .. } => "renew",
        LatchEvent::Close { .. } => "close",
        LatchEvent::Lockdown => "lockdown",
    }
}

fn seconds(event: &LatchEvent) -> Option<u32> {
    match event {
        LatchEvent::Open { seconds } | LatchEvent::Renew { seconds } => Some(*seconds),
        LatchEvent::Close { .. } | LatchEvent::Lockdown => None,
    }
}

fn cause(event: &LatchEvent) -> Option<&'static str> {
    match event {
        LatchEvent::Close { cause: Some(cause) } => Some(cause.name()),
        LatchEvent::Close { cause: None } => Some("failed"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use latch_verify::types::{LatchId, StatementId};

    use super::*;

    fn latch(event: LatchEvent, statement: Option<u8>, latch: Option<u8>) -> Value {
        let hook = Hook::Latch {
            statement: statement.map(|byte| StatementId([byte; 16])),
            latch: latch.and_then(LatchId::new),
            event,
        };
        order("pump-7", &hook, None)
    }

    #[test]
    fn a_latch_hook_is_told_what_becomes_of_which_latch() {
        let told = latch(LatchEvent::Open { seconds: 600 }, Some(1), Some(4));
        let expected = json!({
            "kind": "latch", "device": "pump-7", "statement": "01".repeat(16), "latch": 4,
            "event": "open", "seconds": 600, "cause": null,
        });
        assert_eq!(told, expected);
        let cause = Some(latch_verify::statement::CloseCause::Reboot);
        let told = latch(LatchEvent::Close { cause }, None, None);
        let expected = json!({
            "kind": "latch", "device": "pump-7", "statement": null, "latch": null,
            "event": "close", "seconds": null, "cause": "reboot",
        });
        assert_eq!(told, expected);
        let told = latch(LatchEvent::Lockdown, Some(2), None);
        assert_eq!(
            (&told["event"], &told["latch"]),
            (&json!("lockdown"), &Value::Null)
        );
        let told = latch(LatchEvent::Close { cause: None }, Some(2), Some(4));
        assert_eq!(told["cause"], "failed");
    }
}
