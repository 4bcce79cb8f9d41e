//! Asking the file system's checker what is damaged.

use std::path::PathBuf;

use hadris_fat::{exfat, sync};
use hadris_fs::{Finding, Severity};

use super::device::Device;
use super::mount::{ROOT, holds_exfat};
use super::{Error, Issue, Payload, Warning};

/// More findings than this say nothing new.
const MOST: usize = 1000;
/// A path, and a bit for each cluster; a smaller one costs time, not accuracy.
const SCRATCH: usize = 256 << 10;

/// What is damaged on the volume.
///
/// The driver steps over entries whose checksum is wrong as if they were not there, so a copy has to
/// ask before it can call itself complete.
///
/// # Errors
/// [`Error::Payload`]; [`Error::NotAFileSystem`] if there is none.
pub(crate) fn damage(payload: &dyn Payload) -> Result<Vec<Warning>, Error> {
    let mut found = Vec::new();
    let mut note = |finding: &Finding<'_>| {
        if finding.severity() == Severity::Error && found.len() < MOST {
            let path = finding
                .path()
                .map_or_else(|| ROOT.into(), String::from_utf8_lossy);
            found.push(Warning::new(
                &PathBuf::from(path.as_ref()),
                Issue::Inconsistent(finding.message()),
            ));
        }
    };
    let (mut device, mut scratch) = (Device::new(payload), vec![0; SCRATCH]);
    let checked = if holds_exfat(payload)? {
        exfat::sync::check(&mut device, &mut scratch, &mut note)
    } else {
        sync::check(&mut device, &mut scratch, &mut note)
    };
    checked.map_err(Error::volume("check", ROOT.as_ref()))?;
    Ok(found)
}
