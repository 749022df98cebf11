//! What a device behind a link says of itself, unsigned.

use latch_link::{Life, Program, Standing, Why};

use crate::fields::Fields;

/// What a device tells of itself at the beginning.
#[must_use]
pub fn describe_standing(standing: Option<&Standing>) -> Fields {
    let Some(standing) = standing else {
        return Fields::new();
    };
    let fields = Fields::new();
    let fields = match &standing.life {
        Life::Unprovisioned => fields.with("life", "unprovisioned"),
        Life::Shut(refused) => fields.with("life", "shut").text("cause", refused),
        Life::Provisioned(identity) => fields
            .with("life", "provisioned")
            .text("device", &identity.device)
            .text("tenant", identity.tenant)
            .text("product", identity.product)
            .with("incarnation", identity.incarnation),
    };
    let program = match standing.program {
        Program::Application => "application",
        Program::Recovery => "recovery",
    };
    let why = match standing.why {
        Why::Unknown => "unknown",
        Why::Confirmed => "confirmed",
        Why::Trial { .. } => "trial",
        Why::Fallback => "fallback",
        Why::Recovery => "recovery",
    };
    fields
        .with("program", program)
        .text("version", standing.version)
        .with("boot", standing.boot)
        .with("started_as", why)
}
