//! Erase reports.

use std::fmt::Write;

use serde_json::{Value, json};
use tenlock::format::{Cause, RegionKind, RegionResult};
use tenlock::volume::EraseReport;

use crate::units::show_time;

/// An erase report as JSON.
pub(crate) fn report_json(report: &EraseReport) -> Value {
    let (cause, slot) = match report.cause {
        Cause::AttemptsExhausted { slot } => ("attempts_exhausted", Some(slot)),
        Cause::Requested => ("requested", None),
    };
    let regions = report.regions.iter().map(|region| {
        json!({
            "kind": kind_name(region.kind),
            "offset": region.offset,
            "length": region.length,
            "result": result_name(region.result),
            "discarded": region.discarded,
        })
    });
    json!({
        "uuid": report.volume.to_string(),
        "software": concat!("tenlock ", env!("CARGO_PKG_VERSION")),
        "cause": cause,
        "slot": slot,
        "began": show_time(report.began),
        "ended": show_time(report.ended),
        "verified": report.is_verified(),
        "regions": regions.collect::<Vec<_>>(),
    })
}

/// An erase report, region by region.
pub(crate) fn report_text(report: &EraseReport) -> String {
    let time = |seconds| show_time(seconds).unwrap_or_else(|| "unknown".to_owned());
    let mut text = format!("Erase of volume {}: {report}\n", report.volume);
    let _ = writeln!(
        text,
        "Began {}, ended {}.",
        time(report.began),
        if report.ended == 0 {
            "not yet".to_owned()
        } else {
            time(report.ended)
        }
    );
    for region in &report.regions {
        let discarded = if region.discarded { "; discarded" } else { "" };
        let (kind, result) = (kind_name(region.kind), result_text(region.result));
        let _ = writeln!(
            text,
            "  {kind:<5}  byte {:>12}, {:>7} bytes: {result}{discarded}",
            region.offset, region.length
        );
    }
    text
}

fn kind_name(kind: RegionKind) -> &'static str {
    match kind {
        RegionKind::Seal => "seal",
        RegionKind::Slots => "slots",
    }
}

fn result_name(result: RegionResult) -> &'static str {
    match result {
        RegionResult::VerifiedOnMedium => "verified_on_medium",
        RegionResult::VerifiedInCache => "verified_in_cache",
        RegionResult::Mismatch => "mismatch",
        RegionResult::Unreadable => "unreadable",
        RegionResult::NotWritten => "not_written",
    }
}

fn result_text(result: RegionResult) -> &'static str {
    match result {
        RegionResult::VerifiedOnMedium => "overwritten, read back from the medium",
        RegionResult::VerifiedInCache => "overwritten, read back (perhaps from a cache)",
        RegionResult::Mismatch => "FAILED: other bytes were read back",
        RegionResult::Unreadable => "FAILED: could not be read back",
        RegionResult::NotWritten => "FAILED: could not be written",
    }
}
