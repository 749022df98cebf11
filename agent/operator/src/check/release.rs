//! Release manifests.

use latch_issue::Statement;
use latch_verify::{
    Reason, Refusal,
    limits::MAX_PAGE_LOG2,
    statement::Manifest,
    verdict::{Components, ReleaseFacts, TrustRoot, judge_release},
    wire::{Kind, Role},
};

use super::Question;

impl Question<'_> {
    pub(super) fn judge_release(&self, statement: &Statement) -> Result<Option<Reason>, Refusal> {
        let components = self.components();
        let facts = self.release_facts(&components, false);
        let named = statement.id();
        judge_release(self.statement, named, self.trust, &self.identity(), &facts).map(|_| None)
    }

    /// The other components, as far as the state tells of them.
    pub(super) fn components(&self) -> Components {
        Components::told(self.state.components.iter().copied())
    }

    pub(super) fn release_facts<'c>(
        &self,
        components: &'c Components,
        downgrade: bool,
    ) -> ReleaseFacts<'c> {
        let firmware = self.state.status.firmware;
        ReleaseFacts {
            version: firmware.version,
            security_floor: firmware.security_floor,
            components,
            // The slot's size is not part of the state.
            slot_size: u32::MAX,
            largest_page: 1 << MAX_PAGE_LOG2,
            downgrade,
        }
    }
}

/// Checks that enough release keys of the trust root have signed a manifest, whatever
/// device it may be for.
///
/// # Errors
/// As [`latch_verify::wire::Envelope::verify`]; [`Reason::TooFewRelease`],
/// [`Reason::OtherTenant`].
pub fn genuine_release(manifest: &[u8], trust: &TrustRoot) -> Result<(), Refusal> {
    let verified = trust.verify(Kind::Manifest, manifest)?;
    let root = trust.root()?;
    let (asked, signed) = (
        root.thresholds.release,
        trust
            .ring()
            .count(verified.signers(), Role::Release, |_| true),
    );
    if signed < asked {
        return Err(Refusal::new(
            Reason::TooFewRelease,
            asked.into(),
            signed.into(),
        ));
    }
    let body: Manifest<'_> = verified.body()?;
    if body.tenant == root.tenant {
        Ok(())
    } else {
        Err(Reason::OtherTenant.into())
    }
}
