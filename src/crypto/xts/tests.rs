use std::panic::catch_unwind;

use aes::Aes256;
use aes::cipher::KeyInit;
use xts_mode::{Xts128, get_tweak_default};

use super::super::{random, sha256, testing::hex};
use super::*;

const SIZES: [SectorSize; 2] = [SectorSize::B512, SectorSize::B4096];

fn cipher(kernel: Kernel, key: &[u8]) -> Xts {
    Xts::with_kernel(&Secret::copy_of(key).unwrap(), kernel).unwrap()
}

/// A data unit of at most 512 bytes under any tweak, as the standard's test vectors have it: the
/// start of a sector.
fn data_unit(xts: &Xts, direction: Direction, tweak: [u8; 16], data: &mut [u8]) {
    let mut sector = [0; 512];
    sector[..data.len()].copy_from_slice(data);
    let tweak = u128::from_le_bytes(tweak);
    xts.process(Run::new(
        direction,
        SectorSize::B512,
        tweak,
        None,
        &mut sector,
    ));
    data.copy_from_slice(&sector[..data.len()]);
}

fn random_bytes(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    random::fill(&mut bytes).unwrap();
    bytes
}

/// A number below `end` from four random bytes.
fn random_below(end: usize) -> usize {
    let bytes = random_bytes(4).try_into().unwrap();
    usize::try_from(u32::from_le_bytes(bytes)).unwrap() % end
}

#[derive(Default, Debug, PartialEq)]
struct Ran {
    encrypted: usize,
    decrypted: usize,
    no_whole_blocks: usize,
}

/// Runs a NIST CAVS file, whose tweak field `tweak` reads as 16 bytes.
fn run_nist(file: &str, tweak: impl Fn(&[(&str, &str)]) -> [u8; 16]) -> Ran {
    let mut ran = Ran::default();
    let mut direction = Direction::Encrypt;
    for paragraph in file.replace("\r\n", "\n").split("\n\n") {
        match paragraph.trim() {
            "[ENCRYPT]" => direction = Direction::Encrypt,
            "[DECRYPT]" => direction = Direction::Decrypt,
            _ => run_nist_case(paragraph, direction, &tweak, &mut ran),
        }
    }
    ran
}

fn run_nist_case(
    paragraph: &str,
    direction: Direction,
    tweak: impl Fn(&[(&str, &str)]) -> [u8; 16],
    ran: &mut Ran,
) {
    let fields: Vec<_> = paragraph
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .collect();
    if fields.is_empty() {
        return;
    }
    let bits: usize = field(&fields, "DataUnitLen").parse().unwrap();
    if !bits.is_multiple_of(128) {
        ran.no_whole_blocks += 1;
        return;
    }
    let (plain, encrypted) = (hex(field(&fields, "PT")), hex(field(&fields, "CT")));
    assert_eq!(plain.len() * 8, bits);
    let (mut data, expected) = match direction {
        Direction::Encrypt => (plain, encrypted),
        Direction::Decrypt => (encrypted, plain),
    };
    let (key, input) = (hex(field(&fields, "Key")), data.clone());
    for kernel in Kernel::available() {
        data.copy_from_slice(&input);
        data_unit(&cipher(kernel, &key), direction, tweak(&fields), &mut data);
        assert_eq!(data, expected, "{kernel:?}: {paragraph}");
    }
    match direction {
        Direction::Encrypt => ran.encrypted += 1,
        Direction::Decrypt => ran.decrypted += 1,
    }
}

fn field<'a>(fields: &[(&str, &'a str)], name: &str) -> &'a str {
    fields
        .iter()
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.trim())
        .unwrap()
}

/// Each file has 500 cases each way; 100 of 140 bits and 100 of 250 bits are no whole blocks.
const NIST_RAN: Ran = Ran {
    encrypted: 300,
    decrypted: 300,
    no_whole_blocks: 400,
};

#[test]
fn nist_vectors_with_tweaks_in_hex() {
    let file = include_str!("../../../tests/data/nist/XTSGenAES256-tweak-hex.rsp");
    let ran = run_nist(file, |fields| hex(field(fields, "i")).try_into().unwrap());
    assert_eq!(ran, NIST_RAN);
}

#[test]
fn nist_vectors_with_data_unit_numbers() {
    let file = include_str!("../../../tests/data/nist/XTSGenAES256-data-unit.rsp");
    let ran = run_nist(file, |fields| {
        field(fields, "DataUnitSeqNumber")
            .parse::<u128>()
            .unwrap()
            .to_le_bytes()
    });
    assert_eq!(ran, NIST_RAN);
}

#[test]
fn sectors_are_those_of_dm_crypt_plain64() {
    // Key 00 01 … 3f; byte i of the run is i * 7 + i / 256; each sector by OpenSSL's XTS (Python's
    // cryptography 50) under the little-endian index of its first 512-byte unit. SHA-256 of all.
    let key: Vec<u8> = (0..64).collect();
    let (b512, b4096) = (SectorSize::B512, SectorSize::B4096);
    for (unit, size, sectors, expected) in [
        (
            0,
            b512,
            3,
            "ce5ef0783d98563e35c54349c0502a765ffa455a5aedff12b7d6297537363f08",
        ),
        (
            0,
            b4096,
            2,
            "13891f75356bb081a7e5df60884c0899757c84cad2420e6c323482bb2989da7a",
        ),
        (
            1 << 40,
            b512,
            9,
            "62861845710ca2acff135e03bd13ae72d02c1f4adbccd871dce6627a7e2006b1",
        ),
        (
            8 * 12_345_678_901,
            b4096,
            3,
            "1764b4e80bee54fda980b0a02c177b2a3510f363866398d46612b2d4e4cf45df",
        ),
        (
            u64::MAX - 8,
            b512,
            9,
            "26783a1b2cba16b092c4c5eb454f1a3be32ec6636098aca1e0485fab55c8ce92",
        ),
        (
            u64::MAX - 15,
            b4096,
            2,
            "27cfef5f4ac90242903d80abf04b3745bfa98b9e78b19341c18b8e4b8f1b96b3",
        ),
    ] {
        let byte = |index: usize| {
            index
                .wrapping_mul(7)
                .wrapping_add(index / 256)
                .to_le_bytes()[0]
        };
        for kernel in Kernel::available() {
            let mut data: Vec<u8> = (0..sectors * size.bytes()).map(byte).collect();
            cipher(kernel, &key).encrypt_in_place(size, unit, &mut data);
            assert_eq!(
                sha256(&[&data])[..],
                hex(expected),
                "{kernel:?}: {sectors} sectors from {unit}"
            );
        }
    }
}

/// Encrypts as `xts-mode` does, sector by sector.
fn reference(key: &[u8], size: SectorSize, first_unit: u64, data: &mut [u8]) {
    let aes = |half: &[u8]| Aes256::new_from_slice(half).unwrap();
    let xts = Xts128::new(aes(&key[..32]), aes(&key[32..]));
    for (index, sector) in data.chunks_mut(size.bytes()).enumerate() {
        let unit = u128::from(first_unit) + u128::try_from(index * size.bytes() / 512).unwrap();
        xts.encrypt_sector(sector, get_tweak_default(unit));
    }
}

fn agrees_with_xts_mode(size: SectorSize, first_unit: u64, sectors: usize) {
    let (key, plain) = (random_bytes(64), random_bytes(sectors * size.bytes()));
    let mut expected = plain.clone();
    reference(&key, size, first_unit, &mut expected);
    for kernel in Kernel::available() {
        let what = format!("{kernel:?}: {sectors} sectors of {size:?} from {first_unit}");
        let (xts, mut out) = (cipher(kernel, &key), vec![0xee; plain.len()]);
        xts.encrypt(size, first_unit, &plain, &mut out);
        assert!(out == expected, "{what}");
        let mut data = plain.clone();
        xts.encrypt_in_place(size, first_unit, &mut data);
        assert!(data == expected, "in place, {what}");
        xts.decrypt_in_place(size, first_unit, &mut data);
        assert!(data == plain, "back in place, {what}");
        xts.decrypt(size, first_unit, &expected, &mut out);
        assert!(out == plain, "back, {what}");
    }
}

#[test]
fn runs_around_each_internal_boundary_agree_with_xts_mode() {
    for size in SIZES {
        for sectors in [0, 1, 2, 7, 8, 9, 15, 16, 17, 63, 64, 65, 127, 128, 129] {
            agrees_with_xts_mode(size, 1_000_000, sectors);
        }
    }
}

#[test]
fn random_runs_agree_with_xts_mode() {
    for size in SIZES {
        for _ in 0..40 {
            let first_unit =
                u64::from_le_bytes(random_bytes(8).try_into().unwrap()) >> random_below(64);
            agrees_with_xts_mode(size, first_unit.min(u64::MAX - 8 * 200), random_below(200));
        }
    }
}

#[test]
fn units_around_powers_of_two_and_at_the_end_agree_with_xts_mode() {
    for size in SIZES {
        for middle in [1 << 31, 1 << 32, 1 << 55, 1 << 63] {
            agrees_with_xts_mode(size, middle - 8, 20);
        }
        for sectors in [1, 8, 64, 65] {
            let units = size.units() * u64::try_from(sectors).unwrap();
            agrees_with_xts_mode(size, u64::MAX - (units - 1), sectors);
        }
    }
}

#[test]
fn every_length_up_to_two_hundred_sectors_agrees_with_xts_mode() {
    for sectors in 0..=200 {
        agrees_with_xts_mode(SectorSize::B512, 77, sectors);
    }
    for sectors in 0..=70 {
        agrees_with_xts_mode(SectorSize::B4096, 80, sectors);
    }
}

#[test]
fn every_alignment_of_source_and_target_gives_the_same_and_nothing_beside_it() {
    const LEN: usize = 4096;
    let (key, source) = (random_bytes(64), random_bytes(LEN + 64));
    for kernel in Kernel::available() {
        let xts = cipher(kernel, &key);
        for (from, to) in
            (0..64).flat_map(|from| [0, 1, 7, 16, 31, 32, 63, from].map(|to| (from, to)))
        {
            for (size, direction) in SIZES.into_iter().flat_map(|size| {
                [Direction::Encrypt, Direction::Decrypt].map(|direction| (size, direction))
            }) {
                let mut expected = source[from..][..LEN].to_vec();
                xts.process(Run::new(direction, size, 5, None, &mut expected));
                let mut target = vec![0xee; LEN + 128];
                let source = &source[from..][..LEN];
                xts.process(Run::new(
                    direction,
                    size,
                    5,
                    Some(source),
                    &mut target[to..][..LEN],
                ));
                assert!(
                    target[to..][..LEN] == expected,
                    "{kernel:?} {size:?} from {from} to {to}"
                );
                let beside = target[..to].iter().chain(&target[to + LEN..]);
                assert!(
                    beside.into_iter().all(|byte| *byte == 0xee),
                    "{kernel:?} from {from} to {to}"
                );
            }
        }
    }
}

#[test]
fn a_kernel_that_the_machine_lacks_is_refused() {
    let key = Secret::random(64).unwrap();
    let available: Vec<_> = Kernel::available().collect();
    for kernel in [
        Kernel::Vaes512,
        Kernel::Vaes256,
        Kernel::AesNi,
        Kernel::AArch64,
        Kernel::Portable,
    ] {
        let made = Xts::with_kernel(&key, kernel);
        assert_eq!(kernel.is_available(), available.contains(&kernel));
        if kernel.is_available() {
            assert_eq!(made.unwrap().kernel(), kernel);
        } else {
            assert_eq!(made.unwrap_err(), CryptoError::KernelUnavailable);
        }
    }
    // No processor has both of these.
    assert!(!(Kernel::AesNi.is_available() && Kernel::AArch64.is_available()));
}

#[test]
fn the_fastest_available_kernel_is_taken_and_the_portable_one_is_always_there() {
    let xts = Xts::new(&Secret::random(64).unwrap()).unwrap();
    assert_eq!(Some(xts.kernel()), Kernel::available().next());
    assert_eq!(Kernel::best(), xts.kernel());
    assert_eq!(Kernel::available().last(), Some(Kernel::Portable));
}

#[test]
fn run_beyond_the_last_unit_panics() {
    let xts = cipher(Kernel::best(), &random_bytes(64));
    xts.encrypt_in_place(SectorSize::B512, u64::MAX, &mut [0; 512]);
    let panics = |size, unit, len| {
        catch_unwind(|| xts.encrypt_in_place(size, unit, &mut vec![0; len])).is_err()
    };
    assert!(panics(SectorSize::B512, u64::MAX, 1024));
    assert!(panics(SectorSize::B4096, u64::MAX - 6, 4096));
}

#[test]
fn lengths_that_do_not_fit_panic() {
    let xts = cipher(Kernel::best(), &random_bytes(64));
    let panics = |size, src_len, dst_len| {
        let src = vec![0; src_len];
        let encrypt = catch_unwind(|| xts.encrypt(size, 0, &src, &mut vec![0; dst_len])).is_err();
        let decrypt = catch_unwind(|| xts.decrypt(size, 0, &src, &mut vec![0; dst_len])).is_err();
        encrypt && decrypt
    };
    assert!(panics(SectorSize::B512, 512, 1024));
    assert!(panics(SectorSize::B512, 1024, 512));
    assert!(panics(SectorSize::B512, 511, 511));
    assert!(panics(SectorSize::B4096, 512, 512));
    assert!(panics(SectorSize::B4096, 4097, 4097));
}

#[test]
fn equal_halves_and_other_lengths_are_refused() {
    let refusal = |key: &[u8]| Xts::new(&Secret::copy_of(key).unwrap()).unwrap_err();
    let half = random_bytes(32);
    assert_eq!(
        refusal(&[&half[..], &half].concat()),
        CryptoError::EqualXtsKeys
    );
    assert_eq!(refusal(&half), CryptoError::Length);
    assert_eq!(refusal(&random_bytes(65)), CryptoError::Length);
}

#[test]
fn debug_shows_no_round_keys() {
    let shown = format!("{:?}", cipher(Kernel::Portable, &random_bytes(64)));
    assert_eq!(shown, "Xts { kernel: Portable, .. }");
}
