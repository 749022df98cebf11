//! A tenant of the demo: its keys, its trust root, and what it signs.

use std::path::Path;

use latch_issue::{
    Change, CodeBuilder, Draft, EnrolmentRequest, ImageTree, ProvisionBundle, Release, RoleKey,
    Rules, Statement,
};
use latch_verify::{
    statement::{Audience, Enrolment, KeyKept},
    types::{DeviceId, Digest, LatchId, ProductId, TenantId, TimeMs, Version},
};

use crate::{error::DemoError, seed::Seed};

/// The hardware class of every virtual device.
pub(crate) const PRODUCT: &str = "sim-gateway";
/// Epoch of the tenant's only trust root.
const EPOCH: u32 = 1;
/// Every device is enrolled once.
const INCARNATION: u32 = 1;

/// Keys and trust root of a tenant. Two operators must sign each code, and two release keys
/// each release, so that one stolen key opens nothing.
pub(crate) struct Tenant {
    id: TenantId,
    product: ProductId,
    root: Statement,
    operators: [RoleKey; 2],
    release: [RoleKey; 2],
}

impl Tenant {
    /// Makes the keys from the seed and signs version 1 of the trust root.
    ///
    /// # Errors
    /// [`DemoError::Name`], and what the issuer refuses.
    pub(crate) fn new(name: &str, seed: Seed) -> Result<Self, DemoError> {
        let key = |role: &str| RoleKey::from_seed(&seed.bytes(&format!("key {role}")));
        let root_key = key("root")?;
        let operators = [key("operator 1")?, key("operator 2")?];
        let release = [key("release 1")?, key("release 2")?];
        let hex = |key: &RoleKey| format!("\"{}\"", Digest(*key.public().bytes()));
        let rules = rules(
            name,
            &hex(&root_key),
            operators.each_ref().map(hex),
            release.each_ref().map(hex),
        );
        let rules = Rules::from_text(&rules, Path::new("demo.toml"))?;
        let root = rules.draft()?.sign(&[&root_key])?;
        Ok(Self {
            id: rules.tenant(),
            product: PRODUCT.parse()?,
            root,
            operators,
            release,
        })
    }

    /// Its name.
    pub(crate) fn id(&self) -> TenantId {
        self.id
    }

    /// Enrols a device whose key has this seed; what comes back provisions it.
    ///
    /// # Errors
    /// What the issuer refuses.
    pub(crate) fn enrol(
        &self,
        device: &DeviceId,
        key_seed: &[u8; 32],
    ) -> Result<ProvisionBundle, DemoError> {
        let device_key = RoleKey::from_seed(key_seed)?;
        let enrolment = Enrolment {
            tenant: self.id,
            product: self.product,
            device: device.clone(),
            incarnation: INCARNATION,
            device_key: Digest(*device_key.public().bytes()),
            key_kept: KeyKept::Software,
        };
        let request = Statement::seal(&enrolment, &[&device_key])?;
        let enrolment =
            EnrolmentRequest::from_bytes(request.into_bytes())?.countersign(&self.operators[0])?;
        Ok(ProvisionBundle::new(self.root.clone(), enrolment)?)
    }

    /// A code that the first operator issues.
    pub(crate) fn code(&self, audience: Audience, latch: LatchId, change: Change) -> CodeBuilder {
        let named = matches!(audience, Audience::Device(_));
        let issuer = self.operators[0].id();
        let builder = CodeBuilder::new(self.id, EPOCH, issuer, audience, latch, change);
        if named {
            builder.incarnation(INCARNATION)
        } else {
            builder
        }
    }

    /// Signed as the rules ask: by the issuer and the other operator, in this order.
    ///
    /// # Errors
    /// What the issuer refuses.
    pub(crate) fn sign(&self, code: Draft) -> Result<Statement, DemoError> {
        let [first, second] = &self.operators;
        Ok(code.sign(&[first, second])?)
    }

    /// Signed by the issuer only.
    ///
    /// # Errors
    /// What the issuer refuses.
    pub(crate) fn sign_alone(&self, code: Draft) -> Result<Statement, DemoError> {
        Ok(code.sign(&[&self.operators[0]])?)
    }

    /// Built and signed as the rules ask, as of this moment.
    ///
    /// # Errors
    /// What the issuer refuses.
    pub(crate) fn signed(&self, code: CodeBuilder, now: TimeMs) -> Result<Statement, DemoError> {
        self.sign(code.build(now)?)
    }

    /// The manifest of an image, not signed yet.
    ///
    /// # Errors
    /// What the issuer refuses.
    pub(crate) fn manifest(
        &self,
        image: &ImageTree,
        version: Version,
        security_version: u32,
    ) -> Result<Draft, DemoError> {
        let release = Release {
            tenant: self.id,
            product: self.product,
            component: 0,
            version,
            security_version,
            current: None,
            requirements: Vec::new(),
        };
        Ok(release.manifest(image)?)
    }

    /// The keys that say an image is genuine; the rules ask for both.
    pub(crate) fn release_keys(&self) -> [&RoleKey; 2] {
        self.release.each_ref()
    }
}

fn rules(tenant: &str, root: &str, operators: [String; 2], release: [String; 2]) -> String {
    let (operators, release) = (operators.join(", "), release.join(", "));
    format!(
        r#"
tenant  = "{tenant}"
version = 1
epoch   = {EPOCH}

[keys]
root     = [{root}]
operator = [{operators}]
release  = [{release}]

[thresholds]
root    = 1
release = 2

[[latch]]
name      = "twin"
operators = 2
freshness = "trusted-time"
max-life  = "1h"

[[latch]]
name      = "firmware"
operators = 2
freshness = "trusted-time"
max-life  = "1d"

[[latch]]
name      = "trust"
operators = 2
freshness = "challenge"
max-life  = "1h"
"#
    )
}
