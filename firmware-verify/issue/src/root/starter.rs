//! The rules file with which a tenant begins.

use latch_verify::types::TenantId;

/// Public keys of a new tenant, as they are to stand in its rules file: paths seen from
/// that file, or hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StarterKeys {
    /// Signs trust roots. Keep its private key offline.
    pub root: String,
    /// Issues codes.
    pub operator: String,
    /// Says which images are genuine.
    pub release: String,
}

/// The text of a rules file: one key a role, and rules that one person can work with.
///
/// The twin asks for the least: devices without a clock may take its changes too. Firmware
/// asks for a clock that the product vouches for. Trust and commands answer the device's
/// own challenge.
#[must_use]
pub fn starter_rules(tenant: TenantId, keys: &StarterKeys) -> String {
    let (root, operator, release) = (
        quoted(&keys.root),
        quoted(&keys.operator),
        quoted(&keys.release),
    );
    format!(
        r#"# Whose signatures the devices of this tenant obey, and for what.
# After a change: raise version by one, build the root, sign it, publish it.

tenant  = "{tenant}"
version = 1
epoch   = 1 # raise it to void every code that was signed before

[keys] # public keys only: files, seen from this one, or 64 hexadecimal digits
root     = [{root}]
operator = [{operator}]
release  = [{release}]
# approver    = [] # agree to codes that operators issue
# break-glass = [] # issue codes in an emergency, where a latch has such a rule

[thresholds] # distinct keys that must sign
root    = 1
release = 1

[[latch]] # desired properties that [properties] does not put behind another latch
name      = "twin"
operators = 1
freshness = "time-floor" # needs no clock; an old code can only be refused once it has surely expired
max-life  = "1h"

[[latch]] # installation of firmware
name      = "firmware"
operators = 1
freshness = "trusted-time"
max-life  = "1d"

[[latch]] # keys and recovery
name      = "trust"
operators = 1
freshness = "challenge"
max-life  = "1h"

[[latch]] # commands
name      = "maintenance"
id        = 3 # 3 to 15; a latch keeps its id for good
operators = 1
freshness = "challenge"
max-life  = "15m"
max-open  = "1h" # held open by one code and its renewals at most; without it, it cannot be opened

[properties] # branches of the twin behind another latch
# "pump/limit" = "maintenance"

[commands] # a command that is not listed cannot run
restart  = "maintenance"
identify = "maintenance"
"#
    )
}

/// A TOML string.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
