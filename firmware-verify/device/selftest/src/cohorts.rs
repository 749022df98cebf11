//! Into which part of ten thousand a device falls.

use latch_verify::{statement::Audience, types::StatementId};

use crate::{
    report::{Difference, Judged, expect},
    tables::Part,
};

pub(crate) fn assigns(vector: &Part) -> Judged {
    let device = vector.device.parse();
    let device = device.map_err(|_| Difference::Not("a device's name"))?;
    let part = Audience::part(StatementId(vector.salt), &device);
    expect(part == vector.part, "the part")
}
