//! Tests of backup files.

use super::super::block::finish;
use super::*;

fn head(sealed: bool) -> BackupHead {
    let envelope = Envelope {
        recipient: [3; 32],
        encapsulated: [4; 32],
    };
    BackupHead {
        id: VolumeId::from_random([7; 16]),
        number: 0x0102_0304,
        generation: 9,
        volume_length: 5 << 20,
        created: 77,
        envelope: sealed.then_some(envelope),
        signature: [8; SIGNATURE_LEN],
    }
}

fn file(sealed: bool) -> Vec<u8> {
    let head = head(sealed);
    head.join(&vec![0x5a; head.body_len()])
}

/// A file with one byte of its head changed, under a right checksum.
fn with(sealed: bool, offset: usize, byte: u8) -> Result<BackupHead, Defect> {
    let mut file = file(sealed);
    let mut block = Box::new([0; BLOCK_LEN]);
    block.copy_from_slice(&file[..BLOCK_LEN]);
    block[offset] = byte;
    file[..BLOCK_LEN].copy_from_slice(&*finish(block));
    BackupHead::parse(&file).map(|(head, _)| head)
}

#[test]
fn what_was_encoded_is_read_back() {
    for sealed in [false, true] {
        let file = file(sealed);
        let (found, body) = BackupHead::parse(&file).unwrap();
        assert_eq!(found, head(sealed));
        assert!(body.iter().all(|byte| *byte == 0x5a));
        assert_eq!(found.join(body), file);
    }
}

#[test]
fn f130_a_kind_that_is_unknown_is_refused() {
    for kind in [0, 3, 255] {
        assert_eq!(with(false, 32, kind), Err(Defect::BackupKind));
    }
}

#[test]
fn f131_a_plain_backup_with_a_recipient_is_refused() {
    for offset in [64, 95, 96, 127] {
        assert_eq!(with(false, offset, 1), Err(Defect::BackupEnvelope));
    }
    assert_eq!(with(true, 32, 2), Err(Defect::BackupEnvelope));
}

#[test]
fn f132_a_body_of_another_length_is_refused() {
    for sealed in [false, true] {
        let whole = file(sealed);
        let longer = [whole.as_slice(), &[0]].concat();
        for wrong in [&whole[..whole.len() - 1], &whole[..8], &longer] {
            assert_eq!(BackupHead::parse(wrong), Err(Defect::BackupLength));
        }
    }
    assert_eq!(with(false, 32, 1), Err(Defect::BackupLength));
    assert_eq!(BackupHead::parse(b"TLBACKU"), Err(Defect::Magic));
}

#[test]
fn f133_a_changed_body_is_refused() {
    let mut file = file(true);
    file[BLOCK_LEN + 1] ^= 1;
    assert_eq!(BackupHead::parse(&file), Err(Defect::BackupChecksum));
}

#[test]
fn f06_reserved_bytes_must_be_zero() {
    for offset in [34, 224, 4063] {
        assert_eq!(with(true, offset, 1), Err(Defect::Reserved { offset }));
    }
}

#[test]
fn the_signed_bytes_do_not_depend_on_the_recipient_and_on_everything_else() {
    let signed = |head: BackupHead| head.signed_bytes(b"body");
    let plain = signed(head(false));
    assert_eq!(plain, signed(head(true)));
    let id = VolumeId::from_random([6; 16]);
    for other in [
        BackupHead { id, ..head(false) },
        BackupHead {
            number: 1,
            ..head(false)
        },
        BackupHead {
            generation: 1,
            ..head(false)
        },
        BackupHead {
            volume_length: 1,
            ..head(false)
        },
        BackupHead {
            created: 1,
            ..head(false)
        },
    ] {
        assert_ne!(signed(other), plain);
    }
    assert_ne!(head(false).signed_bytes(b"other"), plain);
}
