//! Codes: from what is wanted to a signed statement, with what its latch asks for.

use latch_issue::{Change, CodeBuilder, CodeError, DeviceState, RoleKey, SignError, Statement};
use latch_verify::{
    Reason, Refusal,
    statement::{Audience, Code, Freshness, Root, TimeStatus},
    types::{Challenge, DeviceId, LatchId, Posture, ProductId, TimeMs, Version},
    verdict::{Challenges, Conditions, Identity, Replay, TrustRoot, authenticate, judge},
};

use crate::registry::Record;

/// Names tried to find one inside a cohort: one part of ten thousand is missed by this many
/// with a chance of e^-100.
const NAMES_TRIED: u32 = 1_000_000;

/// Why a code was not composed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComposeError {
    /// The trust root here.
    #[error(transparent)]
    Root(Refusal),
    /// The code cannot be built.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// It cannot be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// There is no such latch.
    #[error("the trust root has no latch `{name}`: it has {known}")]
    NoSuchLatch {
        /// The name.
        name: String,
        /// The latches that there are.
        known: String,
    },
    /// No key was given.
    #[error("a code needs at least one key: the first is its issuer")]
    NoKey,
    /// A life beyond the rule's.
    #[error(
        "a code of {asked} s was asked for, and the latch `{latch}` takes none of more than {longest} s"
    )]
    LivesTooLong {
        /// The latch.
        latch: String,
        /// The life that was asked for, in seconds.
        asked: u32,
        /// The longest life, in seconds.
        longest: u32,
    },
    /// The latch asks for the device's challenge, and its state is not known.
    #[error(
        "the latch `{0}` asks for an answer to the device's challenge, which only its state tells"
    )]
    NeedsState(String),
    /// The latch asks for a challenge, which codes for many devices cannot answer.
    #[error(
        "the latch `{0}` asks for an answer to each device's own challenge: sign a code for each device"
    )]
    ChallengeForMany(String),
}

/// Whom a code is for.
#[derive(Debug, Clone)]
pub enum Target<'a> {
    /// One enrolled device, as it is enrolled now.
    Device(&'a Record),
    /// Part of the tenant's devices, or all.
    Many {
        /// Which.
        audience: Audience,
        /// Of which product, or of any.
        product: Option<ProductId>,
    },
}

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// Whom it is for.
    pub target: Target<'a>,
    /// What it does.
    pub change: Change,
    /// Behind which latch, by its name, where the change itself does not say so.
    pub latch: Option<&'a str>,
    /// How long the code lives, in seconds, if that was asked for.
    pub life_s: Option<u32>,
    /// How long it lives otherwise, within what the rule allows.
    pub usual_life_s: u32,
    /// The twin's version that it was decided on.
    pub twin_version: Option<u64>,
}

/// A latch, and what it asks of a code.
struct Asked {
    latch: LatchId,
    name: String,
    freshness: Freshness,
    max_life_s: u32,
}

/// What the latch before a change asks for.
fn asked(trust: &TrustRoot, order: &Order<'_>) -> Result<Asked, ComposeError> {
    let root = trust.root().map_err(ComposeError::Root)?;
    let latch = match order.latch {
        None => root
            .latch(order.change.latch(&root)?)
            .ok_or_else(|| ComposeError::Root(Reason::NoSuchLatch.into()))?,
        Some(name) => root
            .latches
            .iter()
            .find(|latch| latch.name == name)
            .ok_or_else(|| ComposeError::NoSuchLatch {
                name: name.to_owned(),
                known: names(&root),
            })?,
    };
    // Devices shut by a code of any age.
    let freshness = match order.change {
        Change::Close | Change::Lockdown => Freshness::TimeFloor,
        _ => latch.rule.freshness,
    };
    Ok(Asked {
        latch: latch.id,
        name: latch.name.to_owned(),
        freshness,
        max_life_s: latch.rule.max_life_s,
    })
}

fn names(root: &Root<'_>) -> String {
    let names: Vec<&str> = root.latches.iter().map(|latch| latch.name).collect();
    names.join(", ")
}

/// Whether a code for one device needs the device's present state.
///
/// # Errors
/// [`ComposeError::Root`], [`ComposeError::Code`], [`ComposeError::NoSuchLatch`].
pub fn needs_state(trust: &TrustRoot, order: &Order<'_>) -> Result<bool, ComposeError> {
    asked(trust, order).map(|asked| asked.freshness != Freshness::TimeFloor)
}

/// How long a code would live, in seconds.
///
/// # Errors
/// [`ComposeError::LivesTooLong`], and as [`needs_state`].
pub fn life_s(trust: &TrustRoot, order: &Order<'_>) -> Result<u32, ComposeError> {
    let asked = asked(trust, order)?;
    let (latch, longest) = (asked.name, asked.max_life_s);
    match order.life_s {
        Some(asked) if asked > longest => Err(ComposeError::LivesTooLong {
            latch,
            asked,
            longest,
        }),
        Some(asked) => Ok(asked),
        None => Ok(order.usual_life_s.min(longest)),
    }
}

/// Builds and signs a code; the first key is its issuer.
///
/// A code for one device is bound to its enrolment, and answers its challenge where the
/// rule asks for that, or asks for trusted time that the device does not have.
///
/// # Errors
/// [`ComposeError`].
pub fn compose(
    trust: &TrustRoot,
    order: &Order<'_>,
    state: Option<&DeviceState>,
    keys: &[RoleKey],
    now: TimeMs,
) -> Result<Statement, ComposeError> {
    let Asked {
        latch,
        name,
        freshness,
        ..
    } = asked(trust, order)?;
    let root = trust.root().map_err(ComposeError::Root)?;
    let issuer = keys.first().ok_or(ComposeError::NoKey)?.id();
    let audience = match &order.target {
        Target::Device(record) => Audience::Device(record.device.clone()),
        Target::Many { audience, .. } => audience.clone(),
    };
    let mut code = CodeBuilder::new(
        root.tenant,
        root.epoch,
        issuer,
        audience,
        latch,
        order.change.clone(),
    )
    .life_s(life_s(trust, order)?);
    if let Some(version) = order.twin_version {
        code = code.twin_version(version);
    }
    match &order.target {
        Target::Device(record) => {
            code = code.incarnation(record.incarnation);
            if let Some(state) = state {
                code = code.understood(state.status.body_versions);
            }
            if let Some(challenge) = challenge(freshness, &name, state)? {
                code = code.challenge(challenge);
            }
        }
        Target::Many { product, .. } => {
            if freshness == Freshness::Challenge {
                return Err(ComposeError::ChallengeForMany(name));
            }
            if let Some(product) = product {
                code = code.product(*product);
            }
        }
    }
    let keys: Vec<&RoleKey> = keys.iter().collect();
    Ok(code.build(now)?.sign(&keys)?)
}

fn challenge(
    freshness: Freshness,
    latch: &str,
    state: Option<&DeviceState>,
) -> Result<Option<Challenge>, ComposeError> {
    let status = || {
        let state = state.ok_or_else(|| ComposeError::NeedsState(latch.to_owned()))?;
        Ok::<_, ComposeError>(&state.status)
    };
    match freshness {
        Freshness::TimeFloor => Ok(None),
        Freshness::Challenge => Ok(Some(status()?.challenge)),
        Freshness::TrustedTime => {
            let status = status()?;
            let trusted = matches!(status.time, TimeStatus::Trusted(_));
            Ok((!trusted).then_some(status.challenge))
        }
    }
}

/// Looks for whatever every device of the audience would refuse: signers, rule, life. What
/// depends on a device is taken to be as the code wants it.
///
/// # Errors
/// The reason for which devices would refuse the code.
pub fn foresee(trust: &TrustRoot, statement: &Statement, now: TimeMs) -> Result<(), Refusal> {
    let code: Code<'_> = match statement.body() {
        Ok(code) => code,
        Err(SignError::Refused(refusal)) => return Err(refusal),
        Err(_) => return Err(Reason::NotDecodable.into()),
    };
    let identity = Identity {
        tenant: trust.tenant()?,
        product: code.product.unwrap_or(ProductId([0; 16])),
        device: somebody(&code.audience).ok_or(Reason::OutsideCohort)?,
        incarnation: code.incarnation.unwrap_or_default(),
    };
    let root = trust.root()?;
    let asked = root
        .latch(code.latch)
        .map(|latch| latch.rule.posture)
        .unwrap_or_default();
    let conditions = Conditions {
        time: TimeStatus::Trusted(now.max(code.not_before_ms)),
        time_doubt_ms: 0,
        locked_down: false,
        challenges: Challenges {
            current: code.challenge.unwrap_or_default(),
            previous: None,
        },
        firmware: code
            .context
            .firmware
            .map_or_else(Version::default, |range| range.least),
        twin_version: code.context.twin_version.unwrap_or_default(),
        boot: code.context.boot.unwrap_or_default(),
        posture: Posture {
            known: u32::MAX,
            value: asked.must_hold,
        },
    };
    let authentic = authenticate(statement.bytes(), trust, &identity)?;
    judge(
        &authentic,
        trust,
        &identity,
        &conditions,
        &Replay::default(),
    )
    .map(drop)
}

/// A name inside the audience.
fn somebody(audience: &Audience) -> Option<DeviceId> {
    let mut names = (0..NAMES_TRIED).filter_map(|number| number.to_string().parse().ok());
    match audience {
        Audience::Device(device) => Some(device.clone()),
        Audience::Cohort { salt, from, below } => {
            names.find(|device| (*from..*below).contains(&Audience::part(*salt, device)))
        }
        Audience::Tenant => names.next(),
    }
}
