//! Random operations on each implementation, against a plain vector.

use std::io;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::storage::{FileStorage, MemoryStorage, Storage};

/// Longest storage the operations make, in bytes: enough for several blocks and pages.
const MAX_LEN: u64 = 20_000;

#[derive(Clone, Debug)]
enum Operation {
    SetLen(u64),
    Read {
        offset: u64,
        len: usize,
    },
    ReadBack {
        offset: u64,
        len: usize,
    },
    Write {
        offset: u64,
        data: Vec<u8>,
    },
    /// Followed by a write of the same range, because discarded bytes are undefined.
    Discard {
        offset: u64,
        data: Vec<u8>,
    },
    Flush,
}

fn operation() -> impl Strategy<Value = Operation> {
    let offset = || 0..=MAX_LEN;
    let len = || 0_usize..9000;
    let data = || vec(any::<u8>(), 0..9000);
    prop_oneof![
        1 => (0..=MAX_LEN).prop_map(Operation::SetLen),
        3 => (offset(), len()).prop_map(|(offset, len)| Operation::Read { offset, len }),
        2 => (offset(), len()).prop_map(|(offset, len)| Operation::ReadBack { offset, len }),
        4 => (offset(), data()).prop_map(|(offset, data)| Operation::Write { offset, data }),
        1 => (offset(), data()).prop_map(|(offset, data)| Operation::Discard { offset, data }),
        1 => Just(Operation::Flush),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        // A failing case belongs into a test, not into a file beside the sources.
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn memory_behaves_as_a_vector(operations in vec(operation(), 1..40)) {
        run(&MemoryStorage::default(), &operations);
    }

    #[test]
    fn a_file_behaves_as_a_vector(operations in vec(operation(), 1..40)) {
        let directory = tempfile::tempdir().unwrap();
        run(&FileStorage::create_new(directory.path().join("image")).unwrap(), &operations);
    }
}

fn run(storage: &dyn Storage, operations: &[Operation]) {
    let mut model = Vec::new();
    for operation in operations {
        apply(storage, &mut model, operation);
        assert_eq!(storage.len().unwrap(), u64::try_from(model.len()).unwrap());
    }
    let mut found = vec![0; model.len()];
    storage.read_at(0, &mut found).unwrap();
    assert!(found == model, "contents differ from the model");
}

fn apply(storage: &dyn Storage, model: &mut Vec<u8>, operation: &Operation) {
    match operation {
        Operation::SetLen(len) => {
            storage.set_len(*len).unwrap();
            model.resize(usize::try_from(*len).unwrap(), 0);
        }
        Operation::Read { offset, len } => {
            let mut buf = vec![0; *len];
            let result = storage.read_at(*offset, &mut buf);
            compare(result, &buf, model, *offset);
        }
        Operation::ReadBack { offset, len } => {
            let mut buf = vec![0; *len];
            let result = storage.read_back(*offset, &mut buf);
            compare(result, &buf, model, *offset);
        }
        Operation::Write { offset, data } => write(storage, model, *offset, data),
        Operation::Discard { offset, data } => {
            let len = u64::try_from(data.len()).unwrap();
            let result = storage.discard(*offset, len);
            assert_outcome(result, slot(model, *offset, data.len()).is_some());
            write(storage, model, *offset, data);
        }
        Operation::Flush => storage.flush().unwrap(),
    }
}

fn write(storage: &dyn Storage, model: &mut [u8], offset: u64, data: &[u8]) {
    let result = storage.write_at(offset, data);
    let slot = slot(model, offset, data.len());
    assert_outcome(result, slot.is_some());
    if let Some(slot) = slot {
        slot.copy_from_slice(data);
    }
}

fn compare<T>(result: io::Result<T>, found: &[u8], model: &mut [u8], offset: u64) {
    let expected = slot(model, offset, found.len());
    assert_outcome(result, expected.is_some());
    if let Some(expected) = expected {
        assert!(found == expected, "bytes read differ from the model");
    }
}

fn assert_outcome<T>(result: io::Result<T>, inside: bool) {
    match result {
        Ok(_) => assert!(inside, "a range past the end was accepted"),
        Err(error) => {
            assert!(!inside, "a range inside was refused: {error}");
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        }
    }
}

fn slot(model: &mut [u8], offset: u64, len: usize) -> Option<&mut [u8]> {
    model
        .get_mut(usize::try_from(offset).unwrap()..)?
        .get_mut(..len)
}
