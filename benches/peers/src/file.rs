//! Reading and writing one file, in the page cache, plain and through a volume. The volume uses
//! all processors that the process is pinned to; the plain calls are made by one thread.

use std::error::Error;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use tenlock::crypto::{Argon2Cost, Passphrase};
use tenlock::storage::FileStorage;
use tenlock::volume::{CreateOptions, Volume, Workers, create};

use crate::rounds::{Contender, take_turns};

const FILE_LEN: usize = 512 << 20;
/// Length of a sequential request.
const REQUEST: usize = 1 << 20;
/// Length of a random request.
const PAGE: usize = 4 << 10;
/// Random requests in a turn.
const PAGES: usize = 1 << 15;

/// Measures sequential and random access to files that it makes in `directory`.
pub fn measure(rounds: usize, directory: &Path) -> Result<(), Box<dyn Error>> {
    let cores = std::thread::available_parallelism()?;
    let case = |what| {
        format!(
            "{what}, {cores} core{}",
            if cores.get() == 1 { "" } else { "s" }
        )
    };

    let plain = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(directory.join("plain"))?;
    let volume = new_volume(&directory.join("volume"))?;
    let mut buffer: Vec<u8> = (0..251).cycle().take(REQUEST).collect();
    reset_peak()?;
    let before = status("VmRSS:")?;
    fill(&plain, &volume, &buffer)?;
    check(&plain, &volume, &buffer)?;

    take_turns(
        &case("write 1 MiB"),
        FILE_LEN,
        rounds,
        &mut buffer,
        &mut both(
            |buffer| sequential(|offset| plain.write_all_at(buffer, offset).expect("pwrite")),
            |buffer| sequential(|offset| volume.write_at(offset, buffer).expect("volume write")),
        ),
    );
    let read_plain =
        |offset, buffer: &mut [u8]| plain.read_exact_at(buffer, offset).expect("pread");
    let read_volume =
        |offset, buffer: &mut [u8]| volume.read_at(offset, buffer).expect("volume read");
    take_turns(
        &case("read 1 MiB"),
        FILE_LEN,
        rounds,
        &mut buffer,
        &mut both(
            |buffer| sequential(|offset| read_plain(offset, buffer)),
            |buffer| sequential(|offset| read_volume(offset, buffer)),
        ),
    );
    take_turns(
        &case("random read 4 KiB"),
        PAGES * PAGE,
        rounds,
        &mut buffer[..PAGE],
        &mut both(
            |buffer| random(|offset| read_plain(offset, buffer)),
            |buffer| random(|offset| read_volume(offset, buffer)),
        ),
    );
    println!(
        "memory\t{}\t{}",
        case("reading and writing"),
        status("VmHWM:")?.saturating_sub(before)
    );
    Ok(())
}

fn both<'a>(
    plain: impl FnMut(&mut [u8]) + 'a,
    volume: impl FnMut(&mut [u8]) + 'a,
) -> [Contender<'a>; 2] {
    [
        Contender {
            name: "plain",
            work: Box::new(plain),
        },
        Contender {
            name: "volume",
            work: Box::new(volume),
        },
    ]
}

fn new_volume(path: &Path) -> Result<Volume, Box<dyn Error>> {
    let mut options = CreateOptions::default();
    options.payload_length = Some(FILE_LEN as u64);
    options.cost = Argon2Cost::new(19_456, 2, 1)?; // The least that is accepted: not measured here.
    let volume = create(
        FileStorage::create_new(path)?,
        &options,
        &Passphrase::new("measured")?,
    )?;
    Ok(volume.with_workers(Workers::for_this_machine()?))
}

/// Fills both in the same manner, for the kernel may cache a file differently for it, and leaves
/// nothing to be written out.
fn fill(plain: &File, volume: &Volume, data: &[u8]) -> Result<(), Box<dyn Error>> {
    for offset in (0..FILE_LEN as u64).step_by(REQUEST) {
        plain.write_all_at(data, offset)?;
    }
    for offset in (0..FILE_LEN as u64).step_by(REQUEST) {
        volume.write_at(offset, data)?;
    }
    plain.sync_all()?;
    Ok(volume.flush()?)
}

/// Both must give back what was written to them.
fn check(plain: &File, volume: &Volume, expected: &[u8]) -> Result<(), Box<dyn Error>> {
    let mut found = vec![0; REQUEST];
    for offset in (0..FILE_LEN as u64).step_by(REQUEST) {
        plain.read_exact_at(&mut found, offset)?;
        let same = found == expected;
        volume.read_at(offset, &mut found)?;
        if !same || found != expected {
            return Err(format!("not what was written at {offset}").into());
        }
    }
    Ok(())
}

fn sequential(mut request: impl FnMut(u64)) {
    for offset in (0..FILE_LEN as u64).step_by(REQUEST) {
        request(offset);
    }
}

/// Requests at offsets that are the same in each turn: Marsaglia's xorshift64 ("Xorshift RNGs").
fn random(mut request: impl FnMut(u64)) {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    for _ in 0..PAGES {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        request(state % (FILE_LEN / PAGE) as u64 * PAGE as u64);
    }
}

/// Makes the process's peak of memory start anew (proc(5), `clear_refs`).
fn reset_peak() -> Result<(), Box<dyn Error>> {
    Ok(fs::write("/proc/self/clear_refs", "5")?)
}

/// A line of /proc/self/status in bytes.
fn status(name: &str) -> Result<u64, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .ok_or("no such line")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? << 10)
}
