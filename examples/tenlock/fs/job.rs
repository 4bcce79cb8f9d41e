//! What `pack` and `unpack` keep while they run.

use std::path::Path;

use super::{Error, Issue, Progress, Report, Warning};

/// Counts, reports and asks whether to go on.
pub(super) struct Job<'a> {
    pub(super) report: Report,
    total: u64,
    progress: &'a mut Progress<'a>,
    warnings: &'a mut Vec<Warning>,
}

impl<'a> Job<'a> {
    pub(super) fn new(
        total: u64,
        progress: &'a mut Progress<'a>,
        warnings: &'a mut Vec<Warning>,
    ) -> Self {
        Self {
            report: Report::default(),
            total,
            progress,
            warnings,
        }
    }

    /// Adds `bytes` to what is done and tells the caller, who may cancel.
    pub(super) fn advance(&mut self, bytes: usize, path: &Path) -> Result<(), Error> {
        self.report.bytes += super::len_u64(bytes);
        let total = self.total.max(self.report.bytes);
        if (self.progress)(self.report.bytes, total, path).is_break() {
            return Err(Error::Cancelled);
        }
        Ok(())
    }

    pub(super) fn warn(&mut self, path: &Path, issue: Issue) {
        let warning = Warning::new(path, issue);
        self.report.losses += u64::from(warning.is_loss());
        self.warnings.push(warning);
    }
}
