//! What must hold of every device, whoever published what.

use std::time::Duration;

use latch_verify::types::{StatementId, Version};
use serde_json::Value;

use crate::{
    device::Snapshot,
    error::DemoError,
    evidence::{DeviceRecord, Evidence, Wait},
    report::Row,
    rollout::{Kit, drill},
    world::World,
};

/// Time for the last states to arrive.
const STATE_LIMIT: Duration = Duration::from_secs(30);

/// What a device should be, by what operators did: the run's own account.
pub(crate) struct Expected<'a> {
    /// Its twin.
    pub(crate) twin: &'a Value,
    /// Its image, `None` for the one from the factory.
    pub(crate) image: Option<&'a Kit>,
}

/// Every device's twin, as the device holds it and as it signs it.
///
/// # Errors
/// [`DemoError::DeviceGone`], [`DemoError::Late`].
pub(crate) async fn twins(world: &World, tried: &str, twin: &Value) -> Result<Row, DemoError> {
    states_are_current(world).await?;
    let snapshots = world.fleet.look().await?;
    let row = world.row(
        tried,
        "the twin that was signed, on each device",
        &world.fleet.all(),
        |device, record| {
            let held = &snapshots[device].twin;
            let signed = record
                .state
                .as_ref()
                .map(|state| serde_json::to_value(&state.twin));
            let told = matches!(signed, Some(Ok(ref signed)) if signed == twin);
            (held != twin || !told).then(|| format!("it holds {held}, and signs {signed:?}"))
        },
    );
    Ok(row)
}

/// Every device's image: the version that it says, and the bytes in its flash.
///
/// # Errors
/// [`DemoError::DeviceGone`].
pub(crate) async fn images(
    world: &World,
    tried: &str,
    devices: &[usize],
    kit: Option<&Kit>,
) -> Result<Row, DemoError> {
    let snapshots = world.fleet.look().await?;
    let expected = match kit {
        Some(kit) => format!(
            "{} runs; its slot holds its {} bytes",
            kit.version,
            kit.bytes.len()
        ),
        None => "the image from the factory runs".to_owned(),
    };
    let row = world.row(tried, &expected, devices, |device, _| {
        wrong_image(world, device, &snapshots[device], kit)
    });
    Ok(row)
}

fn wrong_image(world: &World, device: usize, seen: &Snapshot, kit: Option<&Kit>) -> Option<String> {
    let (version, manifest) = match kit {
        Some(kit) => (kit.version, kit.manifest.id()),
        None => (crate::world::FACTORY, StatementId::default()),
    };
    if (seen.version, seen.manifest) != (version, manifest) {
        return Some(runs(seen.version, seen.manifest));
    }
    let kit = kit?;
    let whole = world
        .fleet
        .device(device)
        .slot_begins_with(seen.slot, &kit.bytes);
    (!whole).then(|| "the slot holds other bytes than the image".to_owned())
}

fn runs(version: Version, manifest: StatementId) -> String {
    format!("it runs {version} of manifest {manifest}")
}

/// No device is another than operators made it.
///
/// # Errors
/// As [`twins`].
pub(crate) async fn unchanged<'a>(
    world: &World,
    tried: &str,
    expected: impl Fn(usize) -> Expected<'a>,
) -> Result<Row, DemoError> {
    let snapshots = world.fleet.look().await?;
    Ok(world.row(
        tried,
        "twin and firmware as before",
        &world.fleet.all(),
        |device, _| {
            let Expected { twin, image } = expected(device);
            let seen = &snapshots[device];
            if seen.twin != *twin {
                return Some(format!("its twin is {}", seen.twin));
            }
            wrong_image(world, device, seen, image)
        },
    ))
}

/// How much each device has counted at one moment.
pub(crate) struct Counted(Vec<(u32, usize)>);

impl Counted {
    /// Now.
    ///
    /// # Errors
    /// [`DemoError::DeviceGone`].
    pub(crate) async fn now(world: &World) -> Result<Self, DemoError> {
        let snapshots = world.fleet.look().await?;
        let noticed = world.evidence.read(refusals);
        Ok(Self(
            snapshots
                .iter()
                .map(|seen| seen.junk.count)
                .zip(noticed)
                .collect(),
        ))
    }
}

fn refusals(records: &crate::evidence::Records) -> Vec<usize> {
    records
        .devices
        .iter()
        .map(|record| record.refusals.len())
        .collect()
}

/// What devices have counted since then stands in what they sign: a drill brings the receipt.
/// No device may have booted in between, since that begins the count anew.
///
/// # Errors
/// As [`drill`].
pub(crate) async fn counts_are_signed(world: &World, since: &Counted) -> Result<Row, DemoError> {
    let code = drill(world).await?;
    Ok(world.row("ask for a signed receipt after the refusals", "it tells how many were counted", &world.fleet.all(), |device, record| {
        let (count, noticed) = since.0[device];
        let fresh = record.refusals.len() - noticed;
        let seen = record.about(code).next()?;
        let junk = seen.receipt.status.junk;
        let last = record.refusals.last().map_or(0, |refusal| refusal.reason.number());
        let right = junk.count.checked_sub(count).map(|fresh| fresh as usize) == Some(fresh) && junk.last_reason == last;
        (!right).then(|| format!("it signs {} refusals, the last {}; it noticed {fresh} more than {count}, the last {last}", junk.count, junk.last_reason))
    }))
}

/// The one twin change was carried out once, however often its code was put before a device.
pub(crate) fn effects_once(world: &World, code: StatementId) -> Row {
    world.row(
        "count the twin changes carried out",
        "one, by the code that was signed",
        &world.fleet.all(),
        |_, record| {
            (record.effects != [code])
                .then(|| format!("{} changes: {:?}", record.effects.len(), record.effects))
        },
    )
}

/// The receipts of each device hang together, and its signed state names the last of them.
///
/// # Errors
/// [`DemoError::Late`].
pub(crate) async fn chains(world: &World) -> Result<Row, DemoError> {
    states_are_current(world).await?;
    Ok(world.row(
        "follow the chain of each device's receipts",
        "none missing, none altered",
        &world.fleet.all(),
        |_, record| {
            let last = last_number(record);
            let told = record.state.as_ref().map(|state| state.receipts);
            (told != Some(last))
                .then(|| format!("{last} receipts arrived, its state says {told:?}"))
        },
    ))
}

/// Waits until the last state of each device is of after its last receipt.
async fn states_are_current(world: &World) -> Result<(), DemoError> {
    let wait = Wait {
        what: "the last states",
        limit: STATE_LIMIT,
    };
    let bar = crate::progress::Bar::Quiet;
    world
        .evidence
        .each(wait, &world.fleet.all(), &bar, |_, record| {
            record
                .state
                .as_ref()
                .is_some_and(|state| state.receipts >= last_number(record))
        })
        .await
}

/// Numbers rise by one: a gap is a problem that was noted when it arrived.
fn last_number(record: &DeviceRecord) -> u64 {
    record
        .receipts
        .iter()
        .map(|seen| seen.receipt.number)
        .max()
        .unwrap_or_default()
}

/// What must never happen, and did.
pub(crate) fn problems(evidence: &Evidence) -> Vec<String> {
    evidence.read(|records| records.problems.clone())
}
