//! `read` and `write`: the payload as a stream of bytes.

use std::io::{self, IsTerminal, Read, Write};
use std::path::PathBuf;

use serde_json::json;
use tenlock::volume::{Code, Error, Volume};

use crate::credential::CredentialArgs;
use crate::failure::Failure;
use crate::output::{Outcome, Output};
use crate::progress::Progress;
use crate::units::{parse_bytes, show_bytes};
use crate::unlock::{close, unlock};

/// Options of `read`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tenlock read disk.img > plain.img
  tenlock read disk.img --offset 1M --length 4K | xxd")]
pub(crate) struct ReadArgs {
    /// Image file or block device.
    image: PathBuf,
    /// First byte, counted from the start of the payload; K, M, G, T are powers of 1024.
    #[arg(long, value_name = "N", default_value = "0", value_parser = parse_bytes)]
    offset: u64,
    /// Number of bytes; without it all up to the end of the payload.
    #[arg(long, value_name = "N", value_parser = parse_bytes)]
    length: Option<u64>,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// Options of `write`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Everything is on the medium when the command ends without an error.

Examples:
  tenlock write disk.img < plain.img
  some-backup | tenlock write disk.img --offset 1M --passphrase-file secret.txt")]
pub(crate) struct WriteArgs {
    /// Image file or block device.
    image: PathBuf,
    /// First byte, counted from the start of the payload; K, M, G, T are powers of 1024.
    #[arg(long, value_name = "N", default_value = "0", value_parser = parse_bytes)]
    offset: u64,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// Copies from the payload to standard output.
pub(crate) fn read(args: &ReadArgs, out: &mut Output) -> Result<Outcome, Failure> {
    if out.is_json() {
        return Err(Failure::usage(
            "read writes the bytes themselves to standard output: leave out --json",
        ));
    }
    if io::stdout().is_terminal() {
        return Err(Failure::usage(
            "read would write raw bytes to the terminal: redirect or pipe its output",
        ));
    }
    let volume = unlock(&args.image, &args.credential, out)?;
    let length = check_range(&volume, args.offset, args.length)?;
    let (mut buffer, mut done) = (vec![0; PIECE], 0);
    let (mut stdout, mut progress) = (io::stdout().lock(), Progress::new(out));
    while done < length {
        let piece = usize::try_from(length - done).unwrap_or(PIECE).min(PIECE);
        volume.read_at(args.offset + done, &mut buffer[..piece])?;
        stdout.write_all(&buffer[..piece])?;
        done += piece as u64;
        progress.advance(done, Some(length));
    }
    stdout.flush()?;
    close(volume, out)?;
    Ok(Outcome::default())
}

/// Copies from standard input to the payload.
pub(crate) fn write(args: &WriteArgs, out: &mut Output) -> Result<Outcome, Failure> {
    let source = args.credential.secrets().passphrase_source();
    if source.is_some_and(|source| source.descriptor() == Some(0)) {
        return Err(Failure::usage(
            "standard input holds the data: give the passphrase through another file descriptor",
        ));
    }
    let volume = unlock(&args.image, &args.credential, out)?;
    let room = check_range(&volume, args.offset, None)?;
    let copied = copy_in(&volume, args.offset, room, &mut Progress::new(out));
    // Also after an error: what was written is there.
    let locked = close(volume, out);
    let written = copied?;
    locked?;
    Ok(Outcome {
        text: format!("Wrote {}.\n", show_bytes(written)),
        json: json!({ "written": written }),
    })
}

fn copy_in(
    volume: &Volume,
    offset: u64,
    room: u64,
    progress: &mut Progress,
) -> Result<u64, Failure> {
    let (mut stdin, mut buffer, mut done) = (io::stdin().lock(), vec![0; PIECE], 0);
    loop {
        let count = fill(&mut stdin, &mut buffer)
            .map_err(|error| Failure::io("read from", "standard input", &error))?;
        let fitting = usize::try_from(room - done).unwrap_or(count).min(count);
        volume.write_at(offset + done, &buffer[..fitting])?;
        done += fitting as u64;
        progress.advance(done, None);
        if fitting < count {
            return Err(too_long(done));
        }
        if count == 0 {
            return Ok(done);
        }
    }
}

fn too_long(written: u64) -> Failure {
    let message = format!(
        "the input is longer than the volume: it is full after {}, the rest was not written",
        show_bytes(written)
    );
    Failure::new(Code::Other, "no_space", message).with("written", written)
}

/// The length of a range, to the end if `None`, if it lies in the payload.
fn check_range(volume: &Volume, offset: u64, length: Option<u64>) -> Result<u64, Failure> {
    let payload_length = volume.len();
    let to_the_end = payload_length.checked_sub(offset);
    match (to_the_end, length) {
        (Some(most), None) => Ok(most),
        (Some(most), Some(length)) if length <= most => Ok(length),
        _ => Err(Error::OutOfRange {
            offset,
            length: length.unwrap_or_default(),
            payload_length,
        }
        .into()),
    }
}

/// Reads until the buffer is full or the input ends: whole sectors are written faster than parts.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Bytes copied at a time.
const PIECE: usize = 1 << 20;
