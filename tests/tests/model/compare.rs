//! What the device and the reference must agree on.

use std::{collections::BTreeMap, fmt::Debug};

use latch_verify::{
    Reason,
    statement::{Outcome, State, Status, TimeStatus},
    twin::{Entries, Value},
    types::Sequence,
    verdict::Use,
    wire::{Envelope, Kind},
};

use super::{
    clock::Now,
    memory::Account,
    reference::{Device, id},
    said::{Action, Leaf},
    seal::{key_id, nonce},
};
use crate::world::{
    answer::{Effect, Told},
    bench::Bench,
};

/// # Errors
/// Both, where they differ.
pub(crate) fn same<T: PartialEq + Debug>(what: &str, model: &T, device: &T) -> Result<(), String> {
    if model == device {
        Ok(())
    } else {
        Err(format!(
            "{what}: {model:?} by the reference, {device:?} by the device"
        ))
    }
}

/// # Errors
/// What stands in one of them only, or that their orders differ.
fn same_list<T: PartialEq + Debug>(what: &str, model: &[T], device: &[T]) -> Result<(), String> {
    if model == device {
        return Ok(());
    }
    let only = |here: &[T], there: &[T]| {
        let lone = here.iter().filter(|item| !there.contains(item));
        format!("{:?}", lone.collect::<Vec<_>>())
    };
    same(what, &only(model, device), &only(device, model))?;
    Err(format!("{what}: in another order"))
}

pub(crate) fn check_account(account: &Account, told: &Told) -> Result<(), String> {
    let receipt = &told.receipt;
    let outcome = match receipt.outcome {
        Outcome::Refused { reason, .. } => Outcome::Refused {
            reason,
            expected: 0,
            found: 0,
        },
        outcome => outcome,
    };
    same("outcome", &account.outcome, &outcome)?;
    same("number", &account.number, &receipt.number)?;
    let about = account.about;
    same("statement", &id(about.statement), &receipt.statement)?;
    same("kind", &about.kind.number(), &receipt.kind)?;
    same("break-glass", &about.emergency, &receipt.break_glass)?;
    let by = about
        .by
        .map(|(issuer, place)| (key_id(issuer), Sequence(place)));
    same("issuer", &by, &receipt.issuer.zip(receipt.sequence))?;
    let trial = account.trial.map(Reason::number);
    same("what the rule on trial says", &trial, &receipt.trial)
}

/// A receipt, and the status in it.
pub(crate) fn check_told(model: &Device, account: &Account, told: &Told) -> Result<(), String> {
    check_account(account, told)?;
    check_status(model, &told.receipt.status).map_err(|wrong| format!("receipt's {wrong}"))
}

fn check_status(model: &Device, status: &Status) -> Result<(), String> {
    let time = match status.time {
        TimeStatus::Unknown => Now::Unknown,
        TimeStatus::Floor(floor) => Now::Floor(floor.get()),
        TimeStatus::Trusted(now) => Now::Trusted(now.get(), 0),
    };
    let known = match model.now() {
        Now::Trusted(now, _) => Now::Trusted(now, 0),
        known => known,
    };
    same("time", &known, &time)?;
    let nonces = [model.nonces.challenge, model.nonces.pulse];
    let nonces = nonces.map(|asked| nonce(asked.current.0));
    same("nonces", &nonces, &[status.challenge, status.pulse])?;
    same("lockdown", &model.locked_down, &status.locked_down)?;
    same("open latches", &model.open_latches(), &status.open)?;
    let root = (model.root.version, model.root.epoch);
    same("root", &root, &(status.root_version, status.epoch))?;
    same("twin's version", &model.twin.0, &status.twin_version)?;
    same("boot", &model.boot, &status.boot)?;
    let posture = (status.posture.known, status.posture.value);
    same("posture", &model.posture(), &posture)?;
    same(
        "junk",
        &model.junk,
        &(status.junk.count, status.junk.last_reason),
    )
}

pub(crate) fn check_published(model: &Device, bytes: &[u8]) -> Result<(), String> {
    let envelope = Envelope::parse(Kind::State, bytes).expect("a state's envelope");
    let state: State<'_> = envelope.read().expect("a state's body");
    same("receipts", &model.receipts.count, &state.receipts)?;
    check_twin(model, state.twin)?;
    check_status(model, &state.status)
}

fn check_twin(model: &Device, twin: Entries<'_>) -> Result<(), String> {
    let leaf = |value: Value<'_>| match value {
        Value::Null => Leaf::Null,
        Value::Bool(value) => Leaf::Bool(value),
        Value::Int(value) => Leaf::Int(value),
        Value::Text(text) => Leaf::Text(text.len()),
        Value::Bytes(_) => unreachable!("no bytes were set"),
        Value::Empty => Leaf::Empty,
    };
    let leaves = twin
        .iter()
        .map(|entry| (entry.path.as_str().to_owned(), leaf(entry.value)));
    same("twin", &model.twin.1.leaves(), &leaves.collect())
}

/// What was let through is what the code said.
pub(crate) fn check_effect(
    model: &Device,
    latch: u8,
    action: &Action,
    effect: &Effect,
) -> Result<(), String> {
    let fits = match (action, effect) {
        (Action::SetTwin(_), Effect::Twin { version, twin }) => {
            check_twin(model, Entries::from_bytes(twin))?;
            *version == model.twin.0
        }
        (Action::Command(name, _), Effect::Command { name: found, .. }) => name == found,
        (
            Action::Open(seconds),
            Effect::Open {
                latch: opened,
                seconds: found,
            },
        )
        | (
            Action::Renew(seconds),
            Effect::Renew {
                latch: opened,
                seconds: found,
            },
        ) => (latch, seconds) == (opened.number(), found),
        (Action::Close, Effect::Close { latch: shut }) => latch == shut.number(),
        (Action::Lockdown, Effect::Lockdown) => true,
        _ => false,
    };
    if fits {
        Ok(())
    } else {
        Err(format!("{action:?} has let through {effect:?}"))
    }
}

/// Everything that both remember.
pub(crate) fn check_state(model: &Device, bench: &Bench) -> Result<(), String> {
    let (device, facts) = (&bench.device, bench.device.facts());
    check_status(model, &device.status())?;
    check_twin(model, device.twin())?;
    let burned = model.memory.burned.iter().map(|burned| {
        let place = (key_id(burned.name.issuer), burned.name.place);
        (
            place,
            // What the table keeps of it.
            id(burned.name.statement).0.first_chunk::<8>().copied(),
            burned.used,
            burned.stopped,
            burned.receipt,
        )
    });
    let found = facts.replay.burned().map(|burned| {
        let place = (burned.issuer, burned.sequence.0);
        (
            place,
            burned.statement.0.first_chunk::<8>().copied(),
            burned.used != Use::Never,
            burned.stopped,
            burned.receipt,
        )
    });
    let (burned, found): (Vec<_>, Vec<_>) = (burned.collect(), found.collect());
    same_list("used codes", &burned, &found)?;
    // Up to the floor of used codes, the one of the twin refuses nothing more.
    let floors = model.memory.floors.iter().map(|floor| {
        (
            key_id(floor.issuer),
            [floor.replay, floor.twin.max(floor.replay), floor.revoked],
        )
    });
    let found = facts.replay.floors().map(|floor| {
        (
            floor.issuer,
            [floor.replay.0, floor.twin.0, floor.revoked.0],
        )
    });
    // A boot finds them in another order.
    same(
        "floors",
        &floors.collect::<BTreeMap<_, _>>(),
        &found.collect(),
    )?;
    let written = facts.time_floor_ms.get();
    same(
        "the floor of time in flash",
        &model.times.written_ms,
        &written,
    )?;
    same("receipts", &model.receipts.count, &facts.chain.number)?;
    let kept = model.receipts.kept.iter();
    let kept = kept.map(|account| {
        (
            account.number,
            id(account.about.statement),
            account.refused(),
        )
    });
    let found = facts
        .recent
        .iter()
        .map(|recent| (recent.number, recent.statement, recent.refused));
    let (kept, found): (Vec<_>, Vec<_>) = (kept.collect(), found.collect());
    same_list("kept receipts", &kept, &found)?;
    let pending = model
        .pending
        .as_ref()
        .map(|pending| id(pending.name.statement));
    let found = facts.pending.map(|pending| pending.code.statement);
    same("what is under way", &pending, &found)?;
    let opened = model
        .opened
        .iter()
        .map(|(latch, name, emergency)| (*latch, id(name.statement), *emergency));
    let found = facts
        .open
        .iter()
        .map(|open| (open.latch.number(), open.code.statement, open.break_glass));
    same(
        "opened latches",
        &opened.collect::<Vec<_>>(),
        &found.collect(),
    )?;
    let counted = bench.hardware.tally.count.get();
    same("the hardware's counter", &Some(model.anchor), &counted)
}
