//! Small files with a secret in them.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::failure::Failure;

/// Bytes at most in such a file. A passphrase has 1024 once it is normalised, which can shorten it.
pub(crate) const MAX_LEN: usize = 4096;

/// Reads a small file to its end. `what` names its content, `shown` the file.
pub(crate) fn read_secret(
    path: &Path,
    what: &str,
    shown: &str,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let failed = |error: io::Error| Failure::io(&format!("read the {what} from"), shown, &error);
    // One buffer that never moves, so that there is one copy to wipe.
    let mut buffer = Zeroizing::new(vec![0; MAX_LEN + 1]);
    let mut file = File::open(path).map_err(failed)?;
    let mut len = 0;
    while len < buffer.len() {
        match file.read(&mut buffer[len..]) {
            Ok(0) => break,
            Ok(count) => len += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    if len > MAX_LEN {
        return Err(Failure::usage(format!(
            "{shown} holds more than {MAX_LEN} bytes: that is no {what}, check the path"
        )));
    }
    buffer.truncate(len);
    Ok(buffer)
}

/// The text without the lines that begin with `#`.
pub(crate) fn without_comments(
    bytes: &[u8],
    what: &str,
    shown: &str,
) -> Result<Zeroizing<String>, Failure> {
    let text = str::from_utf8(bytes).map_err(|_| {
        Failure::usage(format!(
            "{shown} is not text in UTF-8: that is no {what}, check the path"
        ))
    })?;
    // Of its final size from the start: growing would leave parts behind.
    let mut kept = Zeroizing::new(String::with_capacity(text.len() + 1));
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        kept.push_str(line);
        kept.push('\n');
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_dropped_and_nothing_is_moved() {
        let text = without_comments(b"# made by\r\nabc\n#\n def # x", "key", "it").unwrap();
        assert_eq!(*text, "abc\n def # x\n");
        assert_eq!(*without_comments(b"", "key", "it").unwrap(), "");
        let longest = vec![b'x'; MAX_LEN];
        let text = without_comments(&longest, "key", "it").unwrap();
        assert_eq!(text.len(), text.capacity());
    }

    #[test]
    fn what_is_no_text_is_refused_by_name() {
        let failure = without_comments(b"\xff", "recovery key", "key.txt").unwrap_err();
        assert!(failure.message.contains("key.txt") && failure.message.contains("recovery key"));
    }
}
