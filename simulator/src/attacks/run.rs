//! Carries an attack out, and looks what came of it on every device.

use std::time::Duration;

use latch_verify::{Reason, statement::Outcome};

use super::{Attack, Expected, Scene, Shot};
use crate::{
    error::DemoError,
    evidence::{DeviceRecord, Evidence, in_words},
    progress::Bar,
    relay::Relay,
    report::Row,
};

/// Time for every device to answer or count an attack; it takes milliseconds. A manifest that
/// does not come would take ten seconds to be given up.
const ATTACK_LIMIT: Duration = Duration::from_secs(20);

/// How much a device's record held before an attack.
struct Before {
    receipts: usize,
    refusals: usize,
    effects: usize,
    pages: u64,
}

/// Lets the relay try an attack.
///
/// # Errors
/// [`DemoError::Publish`], and what the issuer refuses while the messages are made. What devices
/// do is in the row.
pub(crate) async fn run(
    attack: &Attack,
    scene: &Scene<'_>,
    relay: &Relay,
    evidence: &Evidence,
) -> Result<Row, DemoError> {
    let volley = (attack.aim)(scene)?;
    let before: Vec<Before> =
        evidence.read(|records| records.devices.iter().map(Before::of).collect());
    if let Some(manifest) = &volley.manifest {
        relay.put_manifest(manifest).await?;
    }
    for shot in &volley.shots {
        let id = &scene.fleet.device(shot.device).id;
        relay.put(id, shot.door, shot.payload.clone()).await?;
        if let Some(marker) = &shot.marker {
            relay.put(id, shot.door, marker.clone()).await?;
        }
    }
    let devices: Vec<usize> = volley.shots.iter().map(|shot| shot.device).collect();
    let shot_at = |device| volley.shots.iter().find(|shot| shot.device == device);
    // Who is late shows in what happened there.
    let _late = evidence
        .wait(ATTACK_LIMIT, &devices, &Bar::Quiet, |device, record| {
            shot_at(device).is_some_and(|shot| has_come_of_it(shot, &before[device], record))
        })
        .await;
    let outcomes = evidence.read(|records| {
        let found = |shot: &Shot| {
            let record = &records.devices[shot.device];
            let happened = what_happened(shot, attack.expected, &before[shot.device], record);
            let otherwise = match happened {
                Ok(happened) if happened == attack.expected => None,
                Ok(other) => Some(other.sentence()),
                Err(words) => Some(words),
            };
            (evidence.name(shot.device).to_owned(), otherwise)
        };
        volley.shots.iter().map(found).collect::<Vec<_>>()
    });
    Ok(Row::new(attack.name, attack.expected.sentence(), outcomes))
}

impl Before {
    fn of(record: &DeviceRecord) -> Self {
        Self {
            receipts: record.receipts.len(),
            refusals: record.refusals.len(),
            effects: record.effects.len(),
            pages: record.pages,
        }
    }
}

fn has_come_of_it(shot: &Shot, before: &Before, record: &DeviceRecord) -> bool {
    let answered = record
        .receipts
        .iter()
        .skip(before.receipts)
        .any(|seen| seen.receipt.statement == shot.about);
    answered || record.refusals.len() > before.refusals
}

/// What came of a shot; in words where it is nothing that could be expected.
fn what_happened(
    shot: &Shot,
    expected: Expected,
    before: &Before,
    record: &DeviceRecord,
) -> Result<Expected, String> {
    if record.effects.len() != before.effects {
        return Err("the device ACTED".to_owned());
    }
    if record.pages != before.pages {
        return Err("the device KEPT the page".to_owned());
    }
    let fresh = record.receipts.iter().skip(before.receipts);
    let mut answers = fresh.filter(|seen| seen.receipt.statement == shot.about);
    if let Some(answer) = answers.next_back() {
        let first = record.about(shot.about).next().map(|seen| &seen.bytes);
        return match answer.receipt.outcome {
            _ if expected == Expected::FirstReceipt && first == Some(&answer.bytes) => Ok(expected),
            Outcome::Refused { reason, .. } => match Reason::from_number(reason) {
                Some(reason) => Ok(Expected::Receipt(reason)),
                None => Err(format!("refused: {reason}, which is no known reason")),
            },
            outcome => Err(format!("answered: {}", in_words(&outcome))),
        };
    }
    match record.refusals.get(before.refusals..).unwrap_or_default() {
        [] => Err(format!("no answer within {} s", ATTACK_LIMIT.as_secs())),
        // The one refusal is the marker's, which is an altered page.
        [only] if shot.marker.is_some() && only.reason == Reason::PageHash => {
            Ok(Expected::PassedOver)
        }
        [.., last] => Ok(Expected::Counted(last.reason)),
    }
}

#[cfg(test)]
mod tests;
