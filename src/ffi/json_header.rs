//! What headers are like and what was done to them, as JSON with the members that the command-line tool
//! prints.

use serde_json::{Value, json};

use crate::volume::{BlockFault, CopyCheck, HeaderCheck, RepairReport, RestoreReport};

/// What a header is like.
pub(super) fn check(check: &HeaderCheck) -> Value {
    json!({
        "uuid": check.volume.map(|id| id.to_string()),
        "whole": check.is_whole(),
        "copies": check.copies.iter().map(copy).collect::<Value>(),
        "seal": {
            "agreeing": check.seal.agreeing,
            "single": check.seal.single,
            "different": check.seal.different,
            "lost": check.seal.lost,
        },
        "signatures": check.signatures.as_ref().map(|signed| match signed {
            Ok(()) => "genuine".to_owned(),
            Err(damage) => damage.to_string(),
        }),
        "log_faults": check.log.len(),
        "prospect": check.prospect.to_string(),
    })
}

/// What a repair has done.
pub(super) fn repair(report: &RepairReport) -> Value {
    let failed = report
        .failed
        .iter()
        .map(|(found, error)| json!({ "fault": fault(found), "error": error.to_string() }));
    json!({
        "repaired": report.repaired.iter().map(fault).collect::<Value>(),
        "left": report.left.iter().map(fault).collect::<Value>(),
        "failed": failed.collect::<Value>(),
    })
}

/// What a restore has done.
pub(super) fn restore(report: &RestoreReport) -> Value {
    let unwritten = report
        .unwritten
        .iter()
        .map(|(copy, block, error)| json!({ "copy": copy, "block": block, "error": error.name() }));
    json!({
        "number": report.backup.number,
        "generation": report.backup.generation,
        "replaced_generation": report.replaced.map(|replaced| replaced.generation),
        "counters_lost": report.counters_lost,
        "erased_slots": report.erased_slots,
        "unwritten": unwritten.collect::<Value>(),
    })
}

fn copy(copy: &CopyCheck) -> Value {
    json!({
        "found": copy.found,
        "offset": copy.offset,
        "generation": copy.generation,
        "faults": copy.faults.iter().map(fault).collect::<Value>(),
    })
}

fn fault(fault: &BlockFault) -> Value {
    json!({
        "copy": fault.copy,
        "block": fault.block,
        "kind": fault.kind.name(),
        "defect": fault.defect.to_string(),
    })
}
