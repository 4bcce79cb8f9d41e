//! Promises that hold across implementations, or need more than one process or device.

mod file;
mod lock;
#[cfg(target_os = "linux")]
mod loop_device;
mod model;
