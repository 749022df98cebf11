//! Cohorts: part of a tenant's devices, by a number that each device computes itself.

use latch_verify::{statement::Audience, types::StatementId};

use super::CodeError;

/// Makes cohorts; see [`Audience::Cohort`].
pub struct Cohort;

impl Cohort {
    /// The devices whose part under the salt lies in `from..below` of 10000.
    ///
    /// # Errors
    /// [`CodeError::NoCohort`].
    pub fn between(salt: StatementId, from: u16, below: u16) -> Result<Audience, CodeError> {
        if from >= below || below > Audience::PARTS {
            return Err(CodeError::NoCohort { from, below });
        }
        Ok(Audience::Cohort { salt, from, below })
    }

    /// The devices between two percentages, such as `"1"` and `"10"`: with one salt,
    /// neighbouring cohorts share no device and together leave none out.
    ///
    /// # Errors
    /// [`CodeError::NoPercentage`], [`CodeError::NoCohort`].
    pub fn percent(salt: StatementId, from: &str, below: &str) -> Result<Audience, CodeError> {
        Self::between(salt, parts(from)?, parts(below)?)
    }

    /// A salt for a new rollout: its cohorts fall independently of those of others.
    ///
    /// # Errors
    /// [`CodeError::NoEntropy`].
    pub fn salt() -> Result<StatementId, CodeError> {
        let mut salt = StatementId::default();
        getrandom::fill(&mut salt.0).map_err(CodeError::NoEntropy)?;
        Ok(salt)
    }
}

/// Reads a percentage as parts of ten thousand.
fn parts(text: &str) -> Result<u16, CodeError> {
    let read = || {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let short = (1..=3).contains(&whole.len()) && (1..=2).contains(&fraction.len());
        if !short || !digits(whole) || !digits(fraction) {
            return None;
        }
        let hundredths: u16 = format!("{fraction:0<2}").parse().ok()?;
        let whole: u16 = whole.parse().ok()?;
        whole.checked_mul(100)?.checked_add(hundredths)
    };
    read().ok_or_else(|| CodeError::NoPercentage(text.to_owned()))
}
