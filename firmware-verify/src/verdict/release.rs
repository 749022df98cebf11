//! Whether a release may be installed here.

use super::{
    components::{Component, Components},
    conditions::Identity,
    trust::InForce,
};
use crate::{
    reject::{Reason, Refusal, ensure},
    statement::{MAIN_COMPONENT, Manifest},
    types::{StatementId, Version},
    wire::{Envelope, Kind, Role, Verified},
};

/// What the device has, as far as a release depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReleaseFacts<'c> {
    /// The running version of the main component.
    pub version: Version,
    /// No release of the main component below this security version is installed.
    pub security_floor: u32,
    /// The other components, and what they need.
    pub components: &'c Components,
    /// Bytes of the slot that would take the image.
    pub slot_size: u32,
    /// Bytes of the largest page that the device can hold.
    pub largest_page: u32,
    /// Whether the code authorises an older version.
    pub downgrade: bool,
}

impl ReleaseFacts<'_> {
    fn installed(&self, number: u8) -> Option<Component> {
        if number == MAIN_COMPONENT {
            Some(Component {
                number,
                version: self.version,
                security_floor: self.security_floor,
            })
        } else {
            self.components.get(number)
        }
    }
}

/// Checks a manifest's signatures, that it is the named one, and that it suits the device.
///
/// # Errors
/// In this order: [`Reason::ManifestMissing`] when the bytes are no manifest, or another than
/// the named one; [`Reason::ManifestNotSigned`] when a signature on it is not good, with the
/// number of the reason as evidence; [`Reason::TooFewRelease`], what [`Manifest`] refuses,
/// [`Reason::OtherTenant`], [`Reason::OtherProduct`], [`Reason::NoSuchComponent`],
/// [`Reason::BelowSecurityFloor`], [`Reason::NotNewer`], [`Reason::CurrentOutside`],
/// [`Reason::RequirementUnmet`], [`Reason::RequirementBroken`], [`Reason::TooManyRequirements`],
/// [`Reason::ImageTooLarge`], [`Reason::PageTooLarge`].
pub fn judge_release<'a>(
    bytes: &'a [u8],
    named: StatementId,
    trust: &InForce,
    identity: &Identity,
    facts: &ReleaseFacts<'_>,
) -> Result<Manifest<'a>, Refusal> {
    let verified = authenticate_release(bytes, named, trust)?;
    suits(&verified, trust, identity, facts)
}

/// The first half of [`judge_release`]: that it is the named release, and that every signature on it is good.
///
/// # Errors
/// [`Reason::ManifestMissing`], [`Reason::ManifestNotSigned`].
#[inline(never)]
pub(crate) fn authenticate_release<'a>(
    bytes: &'a [u8],
    named: StatementId,
    trust: &InForce,
) -> Result<Verified<'a>, Refusal> {
    // Whoever brings the manifest can bring anything: it must not read as the code's fault.
    let envelope = Envelope::parse(Kind::Manifest, bytes).map_err(|_| Reason::ManifestMissing)?;
    ensure(envelope.id() == named, Reason::ManifestMissing)?;
    envelope.verify(trust.ring()).map_err(|refusal| {
        Refusal::new(Reason::ManifestNotSigned, 0, refusal.reason.number().into())
    })
}

/// The second half: what remains once the signatures were found good.
///
/// # Errors
/// As [`judge_release`].
#[inline(never)]
pub(crate) fn suits<'a>(
    verified: &Verified<'a>,
    trust: &InForce,
    identity: &Identity,
    facts: &ReleaseFacts<'_>,
) -> Result<Manifest<'a>, Refusal> {
    let asked = trust.terms()?.thresholds.release;
    let signed = trust
        .ring()
        .count(verified.signers(), Role::Release, |_| true);
    ensure(
        signed >= asked,
        Refusal::new(Reason::TooFewRelease, asked.into(), signed.into()),
    )?;
    let manifest: Manifest<'a> = verified.body()?;
    fits(&manifest, identity, facts)?;
    Ok(manifest)
}

/// Apart from who reads the manifest, so that it is not taken to pieces there.
#[inline(never)]
fn fits(
    manifest: &Manifest<'_>,
    identity: &Identity,
    facts: &ReleaseFacts<'_>,
) -> Result<(), Refusal> {
    ensure(manifest.tenant == identity.tenant, Reason::OtherTenant)?;
    ensure(manifest.product == identity.product, Reason::OtherProduct)?;
    let installed = facts.installed(manifest.component);
    let installed = installed.ok_or(Reason::NoSuchComponent)?;
    let (floor, security) = (installed.security_floor, manifest.security_version);
    ensure(
        security >= floor,
        Refusal::new(Reason::BelowSecurityFloor, floor.into(), security.into()),
    )?;
    let evidence = Refusal::new(
        Reason::NotNewer,
        installed.version.ordinal(),
        manifest.version.ordinal(),
    );
    ensure(
        facts.downgrade || manifest.version > installed.version,
        evidence,
    )?;
    if let Some(range) = manifest.current {
        ensure(range.contains(installed.version), Reason::CurrentOutside)?;
    }
    for needed in manifest.requirements.iter() {
        let other = facts.installed(needed.component);
        ensure(
            other.is_some_and(|other| needed.versions.contains(other.version)),
            Refusal::new(Reason::RequirementUnmet, needed.component.into(), 0),
        )?;
    }
    facts.components.suit(manifest)?;
    let (room, size) = (facts.slot_size, manifest.size);
    ensure(
        size <= room,
        Refusal::new(Reason::ImageTooLarge, room.into(), size.into()),
    )?;
    let (largest, page) = (facts.largest_page, manifest.page_size());
    ensure(
        page <= largest,
        Refusal::new(Reason::PageTooLarge, largest.into(), page.into()),
    )
}
