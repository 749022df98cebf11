//! Release manifests.

use latch_verify::statement::Manifest;

use crate::fields::Fields;

pub(super) fn fields(manifest: &Manifest<'_>) -> Fields {
    let requirements: Vec<Fields> = manifest
        .requirements
        .iter()
        .map(|needed| {
            Fields::new()
                .with("component", needed.component)
                .text("versions", needed.versions)
        })
        .collect();
    Fields::new()
        .text("tenant", manifest.tenant)
        .text("product", manifest.product)
        .with("component", manifest.component)
        .text("version", manifest.version)
        .with("security_version", manifest.security_version)
        .with("size", manifest.size)
        .with("page_size", manifest.page_size())
        .with("pages", manifest.pages())
        .text("merkle_root", manifest.merkle_root)
        .text("image_sha256", manifest.image_sha256)
        .maybe("current", manifest.current.map(|range| range.to_string()))
        .maybe(
            "requirements",
            (!requirements.is_empty()).then_some(requirements),
        )
}
