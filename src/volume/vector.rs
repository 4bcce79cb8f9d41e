//! The test vector of the format page: a whole volume made from known bytes instead of random ones.
//!
//! `tests/data/v1.img` is that volume. It stays readable for ever, and this test fails when the
//! bytes that are written change.

use std::fmt::Write;

use std::cell::Cell;

use super::create::{CreateOptions, Grantee, Material, New};
use super::credential::Credential;
use super::factors::Answers;
use super::medium::copies;
use super::new_slot::NewSlot;
use super::{LockedVolume, keys};
use crate::crypto::{
    Argon2Cost, Argon2Options, Passphrase, RecoveryKey, Secret, SigningKey, argon2id, sha256,
};
use crate::format::{
    BLOCK_LEN, Factor, Header, Label, LabelField, Role, Seal, SectorSize, VolumeId, page_text,
};
use crate::storage::MemoryStorage;

const PASSPHRASE: &str = "Grüße aus dem Testvektor";
const RECOVERY_KEY: &str = "QQGJ-YV6Y-24N8-0ZYE-42AU-EH0W-LU6D-RSHL";
const PAYLOAD: u64 = 8192;
const IMAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/v1.img");

/// The bytes of the vector: SHA-256 of the name and a counter, as often as needed.
fn stream(name: &str, out: &mut [u8]) {
    for (chunk, counter) in out.chunks_mut(32).zip(0u64..) {
        chunk.copy_from_slice(&sha256(&[name.as_bytes(), &counter.to_le_bytes()])[..chunk.len()]);
    }
}

fn bytes<const N: usize>(name: &str) -> [u8; N] {
    let mut out = [0; N];
    stream(name, &mut out);
    out
}

fn material() -> Material {
    let id = VolumeId::from_random(bytes("id"));
    let mut next = 0u16..;
    let seal = Seal::generate(id, 16, |body| {
        stream(&format!("seal {}", next.next().unwrap()), body);
        Ok::<(), ()>(())
    });
    Material {
        id,
        seal: seal.unwrap(),
        volume_key: Secret::copy_of(&bytes::<32>("volume key")).unwrap(),
        authority: SigningKey::from_seed(Secret::copy_of(&bytes::<32>("authority")).unwrap())
            .unwrap(),
    }
}

fn image() -> Vec<u8> {
    let mut label = Label::default();
    label.set(LabelField::Label, "Test vector").unwrap();
    label
        .set(LabelField::Contact, "vector@example.org")
        .unwrap();
    let cost = Argon2Cost::new(19_456, 2, 1).unwrap();
    let options = CreateOptions {
        label,
        cost,
        sector_size: SectorSize::B4096,
        ..CreateOptions::default()
    };
    let next = Cell::new(0);
    let random = |out: &mut [u8]| {
        stream(&format!("random {}", next.replace(next.get() + 1)), out);
        Ok(())
    };
    let passphrase = Passphrase::new(PASSPHRASE).unwrap();
    let recovery_key = RecoveryKey::parse(RECOVERY_KEY).unwrap();
    let grantees = [
        Grantee {
            slot: NewSlot::new(Role::Admin),
            credential: (&passphrase).into(),
        },
        Grantee {
            slot: NewSlot::new(Role::Recovery),
            credential: (&recovery_key).into(),
        },
    ];
    let New { header, keys, .. } = material()
        .build(
            &options,
            PAYLOAD,
            &grantees,
            &Argon2Options::default(),
            &random,
            1_790_000_000,
        )
        .unwrap();
    let mut image = vec![0; usize::try_from(header.root.volume_length()).unwrap()];
    for copy in copies(&header) {
        for (index, block) in header.encode() {
            let start = usize::try_from(copy).unwrap() + index * BLOCK_LEN;
            image[start..start + BLOCK_LEN].copy_from_slice(&*block);
        }
    }
    let start = usize::try_from(header.root.payload_offset).unwrap();
    let payload = &mut image[start..][..plaintext().len()];
    keys.payload_cipher(header.root.id).unwrap().encrypt(
        crate::crypto::SectorSize::B4096,
        0,
        &plaintext(),
        payload,
    );
    image
}

fn plaintext() -> Vec<u8> {
    (0..PAYLOAD)
        .map(|at| at.to_le_bytes()[0] ^ at.to_le_bytes()[1])
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
fn the_bytes_of_version_1_do_not_change() {
    if std::env::var_os("TENLOCK_WRITE_VECTOR").is_some() {
        std::fs::write(IMAGE, image()).unwrap();
    }
    assert!(
        std::fs::read(IMAGE).unwrap() == image(),
        "tests/data/v1.img is not what this code writes"
    );
}

#[test]
fn a_volume_of_version_1_opens() {
    let locked = LockedVolume::open(MemoryStorage::from_vec(std::fs::read(IMAGE).unwrap()))
        .unwrap()
        .locked()
        .unwrap();
    let volume = locked
        .unlock(&Passphrase::new(PASSPHRASE).unwrap())
        .unwrap();
    let mut found = vec![0; plaintext().len()];
    volume.read_at(0, &mut found).unwrap();
    assert_eq!(found, plaintext());
}

#[test]
fn the_format_page_gives_the_values_of_the_vector() {
    let header = super::medium::read_header(&MemoryStorage::from_vec(image())).unwrap();
    let slot = header.slots[0].slot().unwrap();
    let Factor::Passphrase(factor) = &slot.factors[0] else {
        panic!("the vector has a passphrase")
    };
    let passphrase = Passphrase::new(PASSPHRASE).unwrap();
    let cost = Argon2Cost::new(factor.memory_kib, factor.passes, factor.lanes).unwrap();
    let output = argon2id(&passphrase, &factor.salt, cost).unwrap();
    let keys = opened(&header, 0, &(&passphrase).into());
    let recovery_key = RecoveryKey::parse(RECOVERY_KEY).unwrap();
    let recovered = opened(&header, 1, &(&recovery_key).into());
    let id = header.root.id;
    assert!(
        recovered
            .payload_key(id)
            .unwrap()
            .ct_eq(keys.payload_key(id).unwrap().expose())
    );
    let values = [
        id.to_string(),
        RECOVERY_KEY.to_owned(),
        hex(&factor.salt),
        hex(output.expose()),
        hex(&header.seal.as_ref().unwrap().hash(id)),
        hex(&slot.wrapped.commitment),
        hex(keys.payload_key(id).unwrap().expose()),
        hex(&header.root.authority),
        hex(&header.root.log_key),
        hex(&header.policy.holders[0]),
        hex(&header.policy.holders[1]),
        hex(&header.policy.signature),
        hex(&header.root.mac),
        hex(&sha256(&[&image()])),
    ];
    for value in values {
        assert!(
            page_text().contains(&value),
            "docs/format.md does not have {value}"
        );
    }
}

/// The keys that `credential` finds in a slot.
fn opened(header: &Header, index: u16, credential: &Credential<'_>) -> keys::Keys {
    let slot = header.slots[usize::from(index)].slot().unwrap();
    let options = Argon2Options::default();
    let mut answers = Answers::new(header.root.id, credential, &options, None);
    let ikm = answers.ikm(slot, index).unwrap().unwrap();
    let context = keys::SlotContext::of(header).unwrap();
    context.unwrap(slot, index, &ikm).unwrap().unwrap()
}
