//! `latch release build`

use std::{fs::File, path::PathBuf};

use clap::Args;
use latch_issue::{ImageTree, Release};
use latch_operator::{FileError, describe, genuine_release, write_new};
use latch_verify::{
    limits::{MAX_COMPONENTS, MAX_PAGE_LOG2, MIN_PAGE_LOG2},
    statement::{MAIN_COMPONENT, Requirement},
    types::{ProductId, Version, VersionRange},
};

use crate::{
    cli::Globals,
    context::{Context, shown},
    failure::Failure,
    output::Output,
};

const AFTER_HELP: &str = "\
The manifest holds the image's Merkle root, and so nothing of the image: devices check each
page against it before they write it. Raise --security-version when the image mends a
weakness: once it is confirmed, a device never goes below it again.

Examples:
  latch release build pump.bin --version 1.1.0 --product pump --out pump-1.1.0.latch
  latch release build pump.bin --version 1.2.0 --product pump --security-version 2 \\
      --current 1.0.0..=1.1.9 --page-size 8k --out pump-1.2.0.latch
  latch release build radio.bin --component 1 --version 3.0.0 --product pump \\
      --requires 0=1.2.0..=1.9.9 --out radio-3.0.0.latch";

/// Describe an image in a signed manifest
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct BuildArgs {
    /// The image
    image: PathBuf,
    /// Its version: major.minor.patch
    // Apart from the option that shows this program's own version.
    #[arg(long, value_name = "VERSION")]
    version: Version,
    /// The product for which it was built
    #[arg(long)]
    product: ProductId,
    /// No device that has confirmed it goes back to a lower number
    #[arg(long, value_name = "N", default_value_t = 0)]
    security_version: u32,
    /// Length of a page: 1k, 2k, 4k, 8k or 16k
    #[arg(long, value_name = "SIZE", default_value = "4k", value_parser = page_size_log2)]
    page_size: u8,
    /// Versions over which it installs, both included [default: any]
    #[arg(long, value_name = "A..=B", value_parser = version_range)]
    current: Option<VersionRange>,
    /// The component that the image is for: 0 is the main one, which the bootloader starts
    #[arg(long, value_name = "N", default_value_t = MAIN_COMPONENT,
        value_parser = clap::value_parser!(u8).range(0..=i64::try_from(MAX_COMPONENTS).unwrap_or(0)))]
    component: u8,
    /// Versions of a component that it needs, both included (repeat for more)
    #[arg(long = "requires", value_name = "N=A..=B", value_parser = requirement)]
    requirements: Vec<Requirement>,
    /// Where to write the manifest
    #[arg(long, value_name = "FILE.latch")]
    out: PathBuf,
    /// Sign with this release key instead of the project's (repeat for more)
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,
}

pub(crate) fn run(globals: &Globals, output: Output, args: &BuildArgs) -> Result<(), Failure> {
    let context = Context::open(globals, output)?;
    let trust = context.trust()?;
    let keys = context.project.release_keys(&args.keys)?;
    let image = File::open(&args.image).map_err(|cause| FileError::Read {
        path: args.image.clone(),
        cause,
    })?;
    let tree = ImageTree::read(image, args.page_size)?;
    let release = Release {
        tenant: context.tenant(),
        product: args.product,
        component: args.component,
        version: args.version,
        security_version: args.security_version,
        current: args.current,
        requirements: args.requirements.clone(),
    };
    let keys: Vec<_> = keys.iter().collect();
    let statement = release.manifest(&tree)?.sign(&keys)?;
    let missing = genuine_release(statement.bytes(), &trust).err();
    if let Some(refusal) =
        missing.filter(|refusal| refusal.reason != latch_verify::Reason::TooFewRelease)
    {
        return Err(refusal.into());
    }
    write_new(&args.out, statement.bytes())?;
    let mut fields = describe(&statement, Some(&trust), &|_| None)?;
    fields.set("file", shown(&args.out));
    output.show(&fields);
    match missing {
        Some(refusal) => output.note(format_args!(
            "not complete yet: {}. Let others add theirs with `latch sign {} --key KEY`",
            Failure::from(refusal).message(),
            args.out.display()
        )),
        None => output.note(format_args!(
            "Next: `latch install --device DEVICE --release {} --image {} --wait`",
            args.out.display(),
            args.image.display()
        )),
    }
    Ok(())
}

/// Reads `4k` as the power of two that it is.
fn page_size_log2(text: &str) -> Result<u8, String> {
    (MIN_PAGE_LOG2..=MAX_PAGE_LOG2)
        .find(|log2| {
            text == format!("{}k", 1_u32 << (log2 - 10)) || text == (1_u32 << log2).to_string()
        })
        .ok_or_else(|| "a page has 1k, 2k, 4k, 8k or 16k".to_owned())
}

/// Reads `1=2.0.0..=2.9.9`.
fn requirement(text: &str) -> Result<Requirement, String> {
    let (component, versions) = text
        .split_once('=')
        .ok_or("write the component's number and its versions: 1=2.0.0..=2.9.9")?;
    let component = component
        .parse()
        .ok()
        .filter(|number| usize::from(*number) <= MAX_COMPONENTS)
        .ok_or_else(|| format!("components have the numbers 0 to {MAX_COMPONENTS}"))?;
    let versions = version_range(versions)?;
    Ok(Requirement {
        component,
        versions,
    })
}

fn version_range(text: &str) -> Result<VersionRange, String> {
    let (least, most) = text
        .split_once("..=")
        .ok_or("write both ends, which are included: 1.0.0..=1.2.9")?;
    let version = |text: &str| text.parse::<Version>().map_err(|error| error.to_string());
    let range = VersionRange {
        least: version(least)?,
        most: version(most)?,
    };
    if range.least <= range.most {
        Ok(range)
    } else {
        Err("the first version is newer than the second".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_sizes_are_powers_of_two() {
        for (text, log2) in [("1k", 10), ("4k", 12), ("16k", 14), ("4096", 12)] {
            assert_eq!(page_size_log2(text), Ok(log2), "{text}");
        }
        for bad in ["", "0", "k", "3k", "32k", "512", "4K", "-4k"] {
            assert!(page_size_log2(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ranges_of_versions_name_both_ends_in_order() {
        let range = version_range("1.0.0..=1.2.9").unwrap();
        assert_eq!(range.to_string(), "1.0.0..=1.2.9");
        for bad in [
            "",
            "1.0.0",
            "1.0.0..1.2.9",
            "1.2.9..=1.0.0",
            "1.0..=1.2.9",
            "..=1.0.0",
        ] {
            assert!(version_range(bad).is_err(), "{bad}");
        }
    }
}
