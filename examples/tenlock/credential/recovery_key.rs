//! Recovery keys in files and on the terminal.

use std::io::{self, Write};
use std::path::Path;

use tenlock::crypto::{CryptoError, RecoveryKey};
use tenlock::volume::{Code, Error};
use zeroize::Zeroizing;

use super::bounded::{read_secret, without_comments};
use crate::failure::Failure;
use crate::image::show;
use crate::new_file::NewFile;

/// Reads a recovery key, in characters or in words.
pub(super) fn read(path: &Path) -> Result<RecoveryKey, Failure> {
    let shown = show(path);
    let bytes = read_secret(path, WHAT, &shown)?;
    let text = without_comments(&bytes, WHAT, &shown)?;
    RecoveryKey::parse(&text)
        .map_err(|error| Failure::new(Code::Usage, "recovery_key", format!("{shown}: {error}")))
}

/// Makes a recovery key and writes it to a new file, for the volume at `image`.
pub(super) fn generate_into(path: &Path, image: &Path) -> Result<(RecoveryKey, NewFile), Failure> {
    let key = RecoveryKey::generate().map_err(Error::from)?;
    let text = sheet(&key, image).map_err(Error::from)?;
    let file = NewFile::write(path, &text)?;
    Ok((key, file))
}

/// Makes a recovery key and shows it on the terminal.
pub(super) fn generate_and_show(image: &Path) -> Result<RecoveryKey, Failure> {
    let key = RecoveryKey::generate().map_err(Error::from)?;
    let text = sheet(&key, image).map_err(Error::from)?;
    let mut terminal = io::stderr().lock();
    let shown = terminal.write_all(&text).and_then(|()| terminal.flush());
    shown.map_err(|error| Failure::io("show the recovery key on", "the terminal", &error))?;
    Ok(key)
}

/// The key as a file that can be printed, and read back as it is.
fn sheet(key: &RecoveryKey, image: &Path) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let (text, words) = (key.to_text()?, key.to_words()?);
    let title = format!(
        "# Recovery key for {}\n\
         # made by tenlock {}. Whoever has it gets in: keep it where the medium is not.\n",
        show(image),
        env!("CARGO_PKG_VERSION")
    );
    let between: &[u8] = b"\n# The same in words:\n# ";
    let parts = [
        title.as_bytes(),
        text.expose(),
        between,
        words.expose(),
        b"\n",
    ];
    // Of its final size from the start: growing would leave parts of the key behind.
    let mut sheet = Zeroizing::new(Vec::with_capacity(
        parts.iter().map(|part| part.len()).sum(),
    ));
    for part in parts {
        sheet.extend_from_slice(part);
    }
    Ok(sheet)
}

const WHAT: &str = "recovery key";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_is_read_back_and_its_words_are_the_same_key() {
        let key = RecoveryKey::generate().unwrap();
        let sheet = sheet(&key, Path::new("a\nb.img")).unwrap();
        let text = without_comments(&sheet, WHAT, "it").unwrap();
        let salt = [1; 32];
        let output = key.output(&salt).unwrap();
        let read_back = RecoveryKey::parse(&text).unwrap();
        assert!(output.ct_eq(read_back.output(&salt).unwrap().expose()));
        let sheet = str::from_utf8(&sheet).unwrap();
        let words = sheet.trim_end().rsplit("# ").next().unwrap();
        let from_words = RecoveryKey::parse(words).unwrap();
        assert!(output.ct_eq(from_words.output(&salt).unwrap().expose()));
    }
}
