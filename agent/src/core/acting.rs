//! From an unlatched action to a hook that lives on its own.

use latch_verify::{
    device::{Opened, Unlatched},
    twin::{Entries, Tree},
};
use serde_json::Value;

use super::{
    event::{Hook, LatchEvent},
    station::Work,
};

/// Takes an unlatched action as the hook that carries it out.
pub(super) fn act(unlatched: Unlatched<'_>) -> (Work, Hook) {
    let (opened, ticket) = unlatched.act();
    let statement = ticket.statement();
    let at = |latch, event| Hook::Latch {
        statement: Some(statement),
        latch,
        event,
    };
    let hook = match opened {
        Opened::Twin {
            version,
            patch,
            twin,
        } => Hook::Twin {
            statement,
            version,
            patch: patch.map(json),
            twin: json(twin),
        },
        Opened::Command { name, arguments } => Hook::Command {
            statement,
            name: name.to_owned(),
            arguments: json(arguments),
        },
        Opened::Open { latch, seconds } => at(Some(latch), LatchEvent::Open { seconds }),
        Opened::Renew { latch, seconds } => at(Some(latch), LatchEvent::Renew { seconds }),
        Opened::Close { latch } => at(Some(latch), LatchEvent::CLOSED_BY_CODE),
        Opened::Lockdown => at(None, LatchEvent::Lockdown),
    };
    let work = match hook {
        Hook::Latch { latch, event, .. } => Work::Latching {
            ticket,
            latch,
            event,
        },
        _ => Work::Acting(ticket, hook.name()),
    };
    (work, hook)
}

/// Leaves as the tree that they stand for. Bytes are `{"$bytes": "hexadecimal"}`.
fn json(entries: Entries<'_>) -> Value {
    // Writing a tree of text, numbers and maps into a value cannot fail.
    serde_json::to_value(Tree::new(entries)).unwrap_or_default()
}
