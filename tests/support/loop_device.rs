//! Loop devices, where the machine lets the tests make one.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A loop device over a file; detached when dropped.
pub(crate) struct LoopDevice(PathBuf);

impl LoopDevice {
    /// `options` are those of losetup(8). `None`, with the reason printed, where this machine has no device to give.
    pub(crate) fn attach(image: &Path, options: &[&str]) -> Option<Self> {
        match Command::new("losetup")
            .args(["--find", "--show"])
            .args(options)
            .arg(image)
            .output()
        {
            Ok(output) if output.status.success() => Some(Self(
                String::from_utf8(output.stdout).unwrap().trim().into(),
            )),
            Ok(output) => skip(&String::from_utf8_lossy(&output.stderr)),
            Err(error) => skip(&format!("losetup: {error}")),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for LoopDevice {
    fn drop(&mut self) {
        let status = Command::new("losetup")
            .arg("--detach")
            .arg(&self.0)
            .status()
            .unwrap();
        assert!(status.success() || std::thread::panicking());
    }
}

fn skip<T>(reason: &str) -> Option<T> {
    println!("skipped, no loop device: {}", reason.trim());
    None
}
