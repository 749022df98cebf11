//! What operators do: change the twin, roll an image out cohort by cohort.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use latch_issue::{Change, ImageTree, Patch, Statement, now};
use latch_mqtt::PageServer;
use latch_verify::{
    Reason,
    limits::MAX_OUTCOMES,
    statement::{Audience, Outcome},
    types::{LatchId, StatementId, Version},
};

use crate::{
    error::DemoError,
    evidence::{DeviceRecord, Wait, in_words},
    latency::Latency,
    progress::Bar,
    report::Row,
    world::World,
};

/// Time for a code to be answered by all devices: milliseconds each, with room for a thousand
/// devices on a busy machine.
const CODE_LIMIT: Duration = Duration::from_secs(60);
/// Time for an image to be installed by all devices of a cohort, over and above its transfer.
const INSTALL_LIMIT: Duration = Duration::from_secs(60);
/// What a broker passes on in a second at least, in bytes: a hundredth of what one on the
/// loopback does.
const TRANSFER_LEAST: u64 = 1 << 20;

/// A release that can be rolled out.
pub(crate) struct Kit {
    pub(crate) version: Version,
    pub(crate) manifest: Statement,
    pub(crate) bytes: Vec<u8>,
    pub(crate) tree: ImageTree,
}

impl Kit {
    /// Builds and signs a release of an image.
    ///
    /// # Errors
    /// What the issuer refuses.
    pub(crate) fn new(
        world: &World,
        version: Version,
        security_version: u32,
        bytes: Vec<u8>,
    ) -> Result<Self, DemoError> {
        let tree = ImageTree::read(bytes.as_slice(), latch_issue::DEFAULT_PAGE_LOG2)?;
        let manifest = world.tenant.manifest(&tree, version, security_version)?;
        let manifest = manifest.sign(&world.tenant.release_keys())?;
        Ok(Self {
            version,
            manifest,
            bytes,
            tree,
        })
    }

    /// Its pages, with their proofs.
    ///
    /// # Errors
    /// [`DemoError::Pages`].
    pub(crate) fn server(&self) -> Result<PageServer, DemoError> {
        Ok(PageServer::new(self.manifest.bytes(), self.bytes.clone())?)
    }
}

/// Part of the fleet, by the parts of ten thousand.
pub(crate) struct Cohort {
    pub(crate) salt: StatementId,
    pub(crate) parts: Range<u16>,
}

/// An installation on its way.
pub(crate) struct Rollout {
    code: Statement,
    left: Instant,
    inside: Vec<usize>,
}

/// Sets desired properties on all devices; returns the code, and how it went.
///
/// # Errors
/// [`DemoError::Late`], [`DemoError::Publish`], what the issuer refuses.
pub(crate) async fn set_twin(world: &World, patch: Patch) -> Result<(Statement, Row), DemoError> {
    let code = world
        .tenant
        .code(Audience::Tenant, LatchId::TWIN, Change::SetTwin(patch));
    let code = world.tenant.signed(code, now()?)?;
    let all = world.fleet.all();
    let bar = world.progress.step(
        "Setting a twin property on all devices with one code",
        all.len(),
    );
    let left = world.operator.publish_code(&code).await?;
    let answered = Wait {
        what: "the twin change",
        limit: CODE_LIMIT,
    };
    world
        .evidence
        .each(answered, &all, &bar, |_, record| {
            record.about(code.id()).next().is_some()
        })
        .await?;
    let row = world.row(
        "one twin change for all, one code",
        "applied, signed receipt",
        &all,
        |_, record| match record
            .about(code.id())
            .next()
            .map(|seen| seen.receipt.outcome)
        {
            Some(Outcome::Applied { .. }) => None,
            other => Some(other.map_or("no receipt".to_owned(), |outcome| in_words(&outcome))),
        },
    );
    let times = world.since(left, &all, |record| {
        record.with_outcome(code.id(), |_| true)
    });
    let row = row.timed(Latency::of(times));
    bar.end(&row.happened);
    Ok((code, row))
}

/// Publishes the code for a cohort, and returns when every device inside has begun to download
/// and every device outside has counted that the code is not for it.
///
/// # Errors
/// As [`set_twin`].
pub(crate) async fn begin(world: &World, kit: &Kit, cohort: &Cohort) -> Result<Rollout, DemoError> {
    let Cohort { salt, parts } = cohort;
    let audience = Audience::Cohort {
        salt: *salt,
        from: parts.start,
        below: parts.end,
    };
    let install = Change::Install {
        manifest: kit.manifest.id(),
    };
    let code = world.tenant.signed(
        world.tenant.code(audience, LatchId::FIRMWARE, install),
        now()?,
    )?;
    let inside = world.fleet.inside(*salt, parts.clone());
    let all = world.fleet.all();
    let strangers = |record: &DeviceRecord| {
        record
            .refusals
            .iter()
            .filter(|refusal| refusal.reason == Reason::OutsideCohort)
            .count()
    };
    let before: Vec<usize> = world
        .evidence
        .read(|records| records.devices.iter().map(strangers).collect());
    world.operator.publish_manifest(&kit.manifest).await?;
    let name = format!(
        "Code for {} of {} devices to install {}",
        inside.len(),
        all.len(),
        kit.version
    );
    let bar = world.progress.step(&name, all.len());
    let left = world.operator.publish_code(&code).await?;
    let answered = Wait {
        what: "the install code",
        limit: CODE_LIMIT,
    };
    world
        .evidence
        .each(answered, &all, &bar, |device, record| {
            record.about(code.id()).next().is_some() || strangers(record) > before[device]
        })
        .await?;
    bar.end("taken by those it is for, counted by the others");
    Ok(Rollout { code, left, inside })
}

/// Waits until every device of a cohort has confirmed its boot of the new image.
///
/// # Errors
/// As [`set_twin`].
pub(crate) async fn finish(
    world: &World,
    kit: &Kit,
    rollout: &Rollout,
    tried: &str,
) -> Result<Row, DemoError> {
    let Rollout { code, left, inside } = rollout;
    let bar = world
        .progress
        .step(&format!("Installing {}", kit.version), inside.len());
    let is_end = |outcome: &Outcome| *outcome != Outcome::InstallStarted;
    let bytes = kit.bytes.len() as u64 * inside.len() as u64;
    let confirmed = Wait {
        what: "the installation",
        limit: INSTALL_LIMIT + Duration::from_secs(bytes / TRANSFER_LEAST),
    };
    world
        .evidence
        .each(confirmed, inside, &bar, |_, record| {
            record.with_outcome(code.id(), is_end).is_some()
        })
        .await?;
    let row = world.row(
        tried,
        "new image boots, confirmed by signed receipt",
        inside,
        |_, record| {
            let seen = record.with_outcome(code.id(), is_end)?;
            let firmware = seen.receipt.status.firmware;
            let confirmed = seen.receipt.outcome == Outcome::InstallConfirmed;
            let right = confirmed
                && firmware.manifest == kit.manifest.id()
                && firmware.version == kit.version;
            (!right).then(|| {
                format!(
                    "{}, running {}",
                    in_words(&seen.receipt.outcome),
                    firmware.version
                )
            })
        },
    );
    let times = world.since(*left, inside, |record| {
        record.with_outcome(code.id(), is_end)
    });
    bar.end(&row.happened);
    Ok(row.timed(Latency::of(times)))
}

/// Signs a code that does nothing, and waits for every device's receipt of it.
///
/// # Errors
/// As [`set_twin`].
pub(crate) async fn drill(world: &World) -> Result<StatementId, DemoError> {
    let code = world
        .tenant
        .code(Audience::Tenant, LatchId::TWIN, Change::Probe);
    let code = world.tenant.signed(code, now()?)?;
    world.operator.publish_code(&code).await?;
    let answered = Wait {
        what: "a drill",
        limit: CODE_LIMIT,
    };
    let is_done = |outcome: &Outcome| *outcome == Outcome::Probed;
    world
        .evidence
        .each(answered, &world.fleet.all(), &Bar::Quiet, |_, record| {
            record.with_outcome(code.id(), is_done).is_some()
        })
        .await?;
    Ok(code.id())
}

/// As many drills as it takes until the receipts of earlier codes are no longer kept.
///
/// # Errors
/// As [`set_twin`].
pub(crate) async fn push_out_receipts(world: &World) -> Result<(), DemoError> {
    let bar = world.progress.step(
        "Codes that do nothing, to push earlier receipts out",
        MAX_OUTCOMES,
    );
    for number in 0..MAX_OUTCOMES {
        drill(world).await?;
        bar.at(number + 1);
    }
    bar.end("answered by all devices");
    Ok(())
}
