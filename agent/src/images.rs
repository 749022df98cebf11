//! Images as files, for the hooks that make them run.

use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use latch_verify::{
    device::{Device, Platform},
    ledger::Image,
    types::StatementId,
};

use crate::state_dir::write_whole;

/// Bytes that are copied at once.
const CHUNK: u32 = 16 * 1024;

/// Writes the image that is on trial to its file; returns where it lies.
///
/// # Errors
/// What the system, or the device's storage, says.
pub(crate) fn export<P: Platform>(
    device: &mut Device<P>,
    image: &Image,
    folder: &Path,
) -> io::Result<Option<PathBuf>> {
    let path = path_of(folder, image.manifest);
    fs::create_dir_all(folder)?;
    write_whole(&path, |file| {
        let mut offset = 0;
        while offset < image.size {
            let len = CHUNK.min(image.size - offset);
            let mut chunk = vec![0; usize::try_from(len).map_err(io::Error::other)?];
            device
                .read_image(offset, &mut chunk)
                .map_err(io::Error::other)?;
            file.write_all(&chunk)?;
            offset = offset.saturating_add(len);
        }
        Ok(())
    })?;
    Ok(Some(path))
}

/// Where an image lies that is no longer on trial: of such a one the device gives no bytes, and
/// its file is there from when it was. The image from the factory never has one.
///
/// # Errors
/// What the system says.
pub(crate) fn find(image: &Image, folder: &Path) -> io::Result<Option<PathBuf>> {
    let path = path_of(folder, image.manifest);
    Ok(fs::exists(&path)?.then_some(path))
}

/// Removes the files of images that the device holds no longer.
///
/// # Errors
/// What the system says.
pub(crate) fn prune<P: Platform>(device: &Device<P>, folder: &Path) -> io::Result<()> {
    if !fs::exists(folder)? {
        return Ok(());
    }
    let firmware = &device.facts().firmware;
    let held = [
        Some(firmware.confirmed),
        firmware.fallback,
        device.installing(),
    ];
    let held: Vec<PathBuf> = held
        .iter()
        .flatten()
        .map(|image| path_of(folder, image.manifest))
        .collect();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !held.contains(&path) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn path_of(folder: &Path, manifest: StatementId) -> PathBuf {
    folder.join(format!("{manifest}.bin"))
}
