//! The messages of each attack.

use std::ops::Range;

use latch_issue::{Change, CodeBuilder, Draft, Patch, RoleKey, Statement};
use latch_mqtt::PageServer;
use latch_verify::{
    statement::{Audience, Code},
    types::{LatchId, StatementId, TimeMs, Version},
};
use serde_json::json;

use super::{Scene, Shot, Volley, forge};
use crate::{error::DemoError, relay::Door, tenant::Tenant};

type Made = Result<Volley, DemoError>;

const HOUR_MS: u64 = 3_600_000;
/// Security version of what runs; a release below it lies below the floor.
const BELOW_FLOOR: u32 = 0;
const AT_FLOOR: u32 = 1;

/// What an attacker would like devices to do.
fn harm() -> Result<Change, DemoError> {
    Ok(Change::SetTwin(Patch::from_json(
        &json!({ "pump": { "limit": 9999 } }),
    )?))
}

fn harmful(tenant: &Tenant, audience: Audience) -> Result<CodeBuilder, DemoError> {
    Ok(tenant.code(audience, LatchId::TWIN, harm()?))
}

fn moment(unix_ms: u64) -> TimeMs {
    TimeMs::new(unix_ms).unwrap_or_default()
}

fn at(devices: impl IntoIterator<Item = usize>, about: StatementId, bytes: &[u8]) -> Volley {
    let shot = |device| Shot {
        device,
        door: Door::Code,
        payload: bytes.to_vec(),
        about,
        marker: None,
    };
    Volley {
        manifest: None,
        shots: devices.into_iter().map(shot).collect(),
    }
}

/// The same bytes to every device.
fn everyone(scene: &Scene<'_>, about: StatementId, bytes: &[u8]) -> Made {
    Ok(at(scene.fleet.all(), about, bytes))
}

fn outside(scene: &Scene<'_>) -> Vec<usize> {
    scene.fleet.inside(scene.salt, scene.below..Audience::PARTS)
}

pub(super) fn replay(scene: &Scene<'_>) -> Made {
    everyone(scene, scene.used.id(), scene.used.bytes())
}

/// A genuine code that the relay withheld.
fn withheld(scene: &Scene<'_>) -> Result<Statement, DemoError> {
    scene
        .tenant
        .signed(harmful(scene.tenant, Audience::Tenant)?, scene.now)
}

pub(super) fn without_issuer(scene: &Scene<'_>) -> Made {
    let code = withheld(scene)?;
    everyone(scene, code.id(), &forge::keep_signature(&code, 1))
}

pub(super) fn without_second(scene: &Scene<'_>) -> Made {
    let code = withheld(scene)?;
    everyone(scene, code.id(), &forge::keep_signature(&code, 0))
}

pub(super) fn signed_alone(scene: &Scene<'_>) -> Made {
    let install = Change::Install {
        manifest: scene.coming.manifest(),
    };
    let code = scene
        .tenant
        .code(Audience::Tenant, LatchId::FIRMWARE, install)
        .build(scene.now)?;
    let code = scene.tenant.sign_alone(code)?;
    everyone(scene, code.id(), code.bytes())
}

pub(super) fn other_device(scene: &Scene<'_>) -> Made {
    let named = scene.fleet.device(0).id.clone();
    let code = harmful(scene.tenant, Audience::Device(named))?;
    let code = scene.tenant.signed(code, scene.now)?;
    Ok(at(
        scene.fleet.all().into_iter().skip(1),
        code.id(),
        code.bytes(),
    ))
}

fn for_cohort(scene: &Scene<'_>) -> Result<Statement, DemoError> {
    let Range {
        start: from,
        end: below,
    } = 0..scene.below;
    let audience = Audience::Cohort {
        salt: scene.salt,
        from,
        below,
    };
    scene
        .tenant
        .signed(harmful(scene.tenant, audience)?, scene.now)
}

pub(super) fn outside_cohort(scene: &Scene<'_>) -> Made {
    let code = for_cohort(scene)?;
    Ok(at(outside(scene), code.id(), code.bytes()))
}

pub(super) fn widened_cohort(scene: &Scene<'_>) -> Made {
    let code = for_cohort(scene)?;
    let mut body: Code<'_> = code.body()?;
    body.audience = Audience::Cohort {
        salt: scene.salt,
        from: 0,
        below: Audience::PARTS,
    };
    let wider = Draft::new(&body)?;
    Ok(at(
        outside(scene),
        wider.id(),
        &forge::transplant(&code, wider.message()),
    ))
}

pub(super) fn foreign_keys(scene: &Scene<'_>) -> Made {
    let code = scene
        .rival
        .signed(harmful(scene.rival, Audience::Tenant)?, scene.now)?;
    everyone(scene, code.id(), code.bytes())
}

pub(super) fn foreign_tenant(scene: &Scene<'_>) -> Made {
    let code = withheld(scene)?;
    let mut body: Code<'_> = code.body()?;
    body.tenant = scene.rival.id();
    let code = scene.tenant.sign(Draft::new(&body)?)?;
    everyone(scene, code.id(), code.bytes())
}

pub(super) fn body_flipped(scene: &Scene<'_>) -> Made {
    let code = withheld(scene)?;
    everyone(scene, code.id(), &forge::flip_body(&code))
}

pub(super) fn signature_flipped(scene: &Scene<'_>) -> Made {
    let code = withheld(scene)?;
    everyone(scene, code.id(), &forge::flip_signature(&code))
}

pub(super) fn expired(scene: &Scene<'_>) -> Made {
    let before = moment(scene.now.get().saturating_sub(2 * HOUR_MS));
    let code = scene
        .tenant
        .signed(harmful(scene.tenant, Audience::Tenant)?, before)?;
    everyone(scene, code.id(), code.bytes())
}

pub(super) fn too_early(scene: &Scene<'_>) -> Made {
    let later = moment(scene.now.get().saturating_add(HOUR_MS));
    let code = harmful(scene.tenant, Audience::Tenant)?.not_before(later);
    let code = scene.tenant.signed(code, scene.now)?;
    everyone(scene, code.id(), code.bytes())
}

/// Operators ask everybody to install a release that these keys have signed.
fn install(scene: &Scene<'_>, version: Version, security_version: u32, keys: &[&RoleKey]) -> Made {
    let manifest = scene
        .tenant
        .manifest(scene.image, version, security_version)?
        .sign(keys)?;
    let change = Change::Install {
        manifest: manifest.id(),
    };
    let code = scene.tenant.signed(
        scene
            .tenant
            .code(Audience::Tenant, LatchId::FIRMWARE, change),
        scene.now,
    )?;
    Ok(Volley {
        manifest: Some(manifest),
        ..everyone(scene, code.id(), code.bytes())?
    })
}

const NEWER: Version = Version {
    major: 9,
    minor: 0,
    patch: 0,
};
const OLDER: Version = Version {
    major: 1,
    minor: 0,
    patch: 9,
};

pub(super) fn below_floor(scene: &Scene<'_>) -> Made {
    install(scene, NEWER, BELOW_FLOOR, &scene.tenant.release_keys())
}

pub(super) fn older(scene: &Scene<'_>) -> Made {
    install(scene, OLDER, AT_FLOOR, &scene.tenant.release_keys())
}

pub(super) fn release_signed_alone(scene: &Scene<'_>) -> Made {
    install(scene, NEWER, AT_FLOOR, &scene.tenant.release_keys()[..1])
}

pub(super) fn release_of_stranger(scene: &Scene<'_>) -> Made {
    install(scene, NEWER, AT_FLOOR, &scene.rival.release_keys())
}

/// A page for every device that downloads.
fn downloading(scene: &Scene<'_>, page: &[u8], marker: Option<&[u8]>) -> Made {
    let shot = |&device| Shot {
        device,
        door: Door::Page,
        payload: page.to_vec(),
        about: StatementId::default(),
        marker: marker.map(<[u8]>::to_vec),
    };
    Ok(Volley {
        manifest: None,
        shots: scene.cohort.iter().map(shot).collect(),
    })
}

/// A page that exists: images of the demo have at least two.
fn page(server: &PageServer, number: u32) -> Result<Vec<u8>, DemoError> {
    server.page(number).ok_or_else(|| {
        DemoError::Usage(format!(
            "the image has no page {number}: choose a larger one"
        ))
    })
}

pub(super) fn altered_page(scene: &Scene<'_>) -> Made {
    downloading(scene, &forge::alter(page(scene.coming, 0)?), None)
}

pub(super) fn swapped_page(scene: &Scene<'_>) -> Made {
    downloading(scene, &forge::renumber(page(scene.coming, 1)?, 0), None)
}

pub(super) fn foreign_page(scene: &Scene<'_>) -> Made {
    let marker = forge::alter(page(scene.coming, 0)?);
    downloading(scene, &page(scene.running, 0)?, Some(&marker))
}

pub(super) fn relabelled_page(scene: &Scene<'_>) -> Made {
    let genuine = page(scene.coming, 0)?;
    downloading(
        scene,
        &forge::relabel(page(scene.running, 0)?, &genuine),
        None,
    )
}
