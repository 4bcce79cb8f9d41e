//! The host's side of a copy on a thread of its own, so that the host's disk and the volume's work at
//! the same time. Files of one piece are not worth a thread.

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use super::PIECE;

/// Pieces under way.
const DEPTH: usize = 3;

/// Bytes of a file, and why there are no more of them, if reading failed.
type Piece = (Vec<u8>, Option<io::Error>);

/// Calls `work` with at most `limit` bytes of `source`, piece by piece. A piece that is not full, or comes
/// with an error, is the last one.
///
/// # Errors
/// Those of `work`, after which nothing more is read.
pub(super) fn read_ahead<E>(
    source: &mut File,
    limit: u64,
    mut work: impl FnMut(&[u8], Option<io::Error>) -> Result<(), E>,
) -> Result<(), E> {
    if limit <= super::len_u64(PIECE) {
        let (bytes, failed) = read_piece(source, limit, Vec::new());
        return work(&bytes, failed);
    }
    thread::scope(|scope| {
        let (full, pieces) = sync_channel(DEPTH);
        let (used, spare) = channel();
        scope.spawn(move || read_all(source, limit, &full, &spare));
        // Returning early drops `pieces`, at which the reader stops.
        for (bytes, failed) in pieces {
            work(&bytes, failed)?;
            let _ = used.send(bytes);
        }
        Ok(())
    })
}

fn read_all(source: &mut File, limit: u64, full: &SyncSender<Piece>, spare: &Receiver<Vec<u8>>) {
    let mut left = limit;
    while left > 0 {
        let want = left.min(super::len_u64(PIECE));
        let (bytes, failed) = read_piece(source, want, spare.try_recv().unwrap_or_default());
        let got = super::len_u64(bytes.len());
        left -= got;
        let last = got < want || failed.is_some();
        if full.send((bytes, failed)).is_err() || last {
            return;
        }
    }
}

/// Reads until `want` bytes are there, or the file ends or fails.
fn read_piece(source: &mut File, want: u64, mut bytes: Vec<u8>) -> Piece {
    bytes.clear();
    let failed = source.take(want).read_to_end(&mut bytes).err();
    (bytes, failed)
}

/// Takes what is to be written to a file of the host.
pub(super) enum Sink<'a> {
    /// Written at once.
    Direct(&'a mut File, Vec<u8>),
    /// Written by a thread.
    Behind(SyncSender<(Vec<u8>, usize)>, Receiver<Vec<u8>>),
}

impl Sink<'_> {
    /// Lets `work` fill a buffer, and writes as many of its bytes as `work` returns.
    ///
    /// # Errors
    /// A write has failed, perhaps an earlier one.
    pub(super) fn pass<E>(
        &mut self,
        work: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> io::Result<Result<usize, E>> {
        match self {
            Self::Direct(file, buffer) => {
                let filled = work(buffer);
                if let Ok(len) = filled {
                    file.write_all(&buffer[..len])?;
                }
                Ok(filled)
            }
            Self::Behind(full, spare) => {
                let stopped = || io::Error::from(io::ErrorKind::BrokenPipe);
                let mut buffer = spare.recv().map_err(|_| stopped())?;
                let filled = work(&mut buffer);
                if let Ok(len) = filled {
                    full.send((buffer, len)).map_err(|_| stopped())?;
                }
                Ok(filled)
            }
        }
    }
}

/// Calls `produce` with a sink for `len` bytes of `file`, and returns when all that was passed is written.
///
/// # Errors
/// The first write that failed.
pub(super) fn write_behind<T>(
    file: &mut File,
    len: u64,
    produce: impl FnOnce(&mut Sink<'_>) -> io::Result<T>,
) -> io::Result<T> {
    if len <= super::len_u64(PIECE) {
        let room = usize::try_from(len).unwrap_or(PIECE);
        return produce(&mut Sink::Direct(file, vec![0; room]));
    }
    thread::scope(|scope| {
        let (full, pieces) = sync_channel(DEPTH);
        let (used, spare) = channel();
        for _ in 0..DEPTH {
            let _ = used.send(vec![0; PIECE]);
        }
        let writer = scope.spawn(move || write_all(file, &pieces, &used));
        let produced = produce(&mut Sink::Behind(full, spare));
        // The sink is gone, so the writer ends; what it met comes before what `produce` made of it.
        let written = writer
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        written.and(produced)
    })
}

fn write_all(
    file: &mut File,
    pieces: &Receiver<(Vec<u8>, usize)>,
    used: &Sender<Vec<u8>>,
) -> io::Result<()> {
    for (bytes, len) in pieces {
        file.write_all(&bytes[..len])?;
        let _ = used.send(bytes);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tempfile::tempfile;

    use super::*;

    /// Lengths about one piece and about the pieces under way.
    const LENGTHS: [usize; 6] = [0, 1, PIECE, PIECE + 1, 4 * PIECE, 9 * PIECE + 5];

    fn noise(len: usize) -> Vec<u8> {
        (0..len)
            .map(|at| (at / 251 ^ at).to_le_bytes()[0])
            .collect()
    }

    fn file_with(bytes: &[u8]) -> File {
        use std::io::Seek;
        let mut file = tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        file
    }

    #[test]
    fn pieces_arrive_whole_and_in_order_up_to_the_limit() {
        for len in LENGTHS {
            let bytes = noise(len);
            for limit in [len, len / 2] {
                let mut found = Vec::new();
                let done: Result<(), ()> =
                    read_ahead(&mut file_with(&bytes), limit as u64, |piece, failed| {
                        assert!(failed.is_none());
                        found.extend_from_slice(piece);
                        Ok(())
                    });
                assert!(done.is_ok() && found == bytes[..limit]);
            }
        }
    }

    #[test]
    fn an_error_of_the_consumer_stops_the_reader() {
        let mut source = file_with(&noise(20 * PIECE));
        let mut calls = 0;
        let stopped = read_ahead(&mut source, 20 << 20, |_, _| {
            calls += 1;
            if calls == 2 { Err("full") } else { Ok(()) }
        });
        assert_eq!((stopped, calls), (Err("full"), 2));
    }

    #[test]
    fn what_is_passed_is_written_in_order() {
        for len in LENGTHS {
            let bytes = noise(len);
            let mut target = tempfile().unwrap();
            let done = write_behind(&mut target, len as u64, |sink| {
                for piece in bytes.chunks(PIECE) {
                    let fill = |buffer: &mut [u8]| {
                        buffer[..piece.len()].copy_from_slice(piece);
                        Ok::<_, ()>(piece.len())
                    };
                    assert_eq!(sink.pass(fill)?, Ok(piece.len()));
                }
                Ok(())
            });
            done.unwrap();
            use std::io::Seek;
            target.rewind().unwrap();
            let mut found = Vec::new();
            target.read_to_end(&mut found).unwrap();
            assert!(found == bytes);
        }
    }

    #[test]
    fn a_write_that_fails_is_the_error_and_stops_the_producer() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("read only");
        std::fs::write(&path, b"").unwrap();
        for len in [1, 20 << 20] {
            let mut target = File::open(&path).unwrap();
            let failed = write_behind(&mut target, len, |sink| {
                loop {
                    sink.pass(|_| Ok::<_, ()>(1))?.unwrap();
                }
                #[expect(unreachable_code, reason = "the sink ends the loop")]
                Ok(())
            });
            let error = failed.unwrap_err();
            assert_ne!(error.kind(), io::ErrorKind::BrokenPipe, "{error}");
        }
    }
}
