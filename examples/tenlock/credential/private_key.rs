//! Private keys in files: as text, or encrypted with a passphrase in the age format (age-encryption.org/v1, in its armor).

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor, scrypt};
use tenlock::crypto::{Passphrase, PrivateKey};
use tenlock::volume::{Code, Error};
use zeroize::Zeroizing;

use super::bounded::{MAX_LEN, read_secret, without_comments};
use super::source::Source;
use crate::failure::Failure;
use crate::image::show;

/// Reads a private key; `passphrase` is asked only if the file is encrypted.
pub(super) fn read(path: &Path, passphrase: &Source) -> Result<PrivateKey, Failure> {
    let shown = show(path);
    let bytes = read_secret(path, WHAT, &shown)?;
    if !is_encrypted(&bytes) {
        return parse(&bytes, &shown);
    }
    passphrase.check_terminal("--private-key-passphrase-file")?;
    let passphrase = passphrase.read_as(
        &format!("Passphrase of the private key {shown}"),
        "--private-key-passphrase",
    )?;
    let text = decrypt(&bytes, &passphrase).map_err(|error| refusal(&error, &shown))?;
    parse(&text, &shown)
}

/// As [`read`], with the passphrase in a file, or else from the terminal.
pub(crate) fn read_with(path: &Path, passphrase: Option<&PathBuf>) -> Result<PrivateKey, Failure> {
    read(
        path,
        &Source::given(passphrase, None).unwrap_or(Source::Prompt),
    )
}

/// The text of a private key, encrypted with a passphrase.
pub(crate) fn encrypt(key: &PrivateKey, passphrase: &Passphrase) -> Result<Vec<u8>, Failure> {
    let text = key.to_text().map_err(Error::from)?;
    let mut recipient = scrypt::Recipient::new(secret_string(passphrase));
    recipient.set_work_factor(WORK_FACTOR);
    let recipients = std::iter::once(&recipient as &dyn age::Recipient);
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(
            Code::Other,
            "encryption",
            format!("the private key could not be encrypted: {error}"),
        )
    };
    let encryptor = Encryptor::with_recipients(recipients).map_err(|error| failed(&error))?;
    encrypted(encryptor, text.expose()).map_err(|error| failed(&error))
}

fn encrypted(encryptor: Encryptor, text: &[u8]) -> io::Result<Vec<u8>> {
    let armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
    let mut writer = encryptor.wrap_output(armor)?;
    writer.write_all(text)?;
    writer.write_all(b"\n")?;
    writer.finish()?.finish()
}

fn is_encrypted(bytes: &[u8]) -> bool {
    [
        &b"age-encryption.org/"[..],
        b"-----BEGIN AGE ENCRYPTED FILE-----",
    ]
    .iter()
    .any(|start| bytes.trim_ascii_start().starts_with(start))
}

fn decrypt(bytes: &[u8], passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    let mut identity = scrypt::Identity::new(secret_string(passphrase));
    identity.set_max_work_factor(MAX_WORK_FACTOR);
    let decryptor = Decryptor::new(ArmoredReader::new(bytes))?;
    let identities = std::iter::once(&identity as &dyn age::Identity);
    let mut reader = decryptor.decrypt(identities)?;
    // Of its final size from the start: growing would leave parts of the key behind.
    let mut text = Zeroizing::new(vec![0; MAX_LEN]);
    let mut len = 0;
    while len < text.len() {
        match reader.read(&mut text[len..])? {
            0 => break,
            count => len += count,
        }
    }
    text.truncate(len);
    Ok(text)
}

fn parse(bytes: &[u8], shown: &str) -> Result<PrivateKey, Failure> {
    let text = without_comments(bytes, WHAT, shown)?;
    PrivateKey::from_text(&text)
        .map_err(|error| Failure::new(Code::Usage, "private_key", format!("{shown}: {error}")))
}

/// The volume is not touched: no attempt is charged for a passphrase of a private key.
fn refusal(error: &DecryptError, shown: &str) -> Failure {
    let message = match error {
        DecryptError::DecryptionFailed
        | DecryptError::KeyDecryptionFailed
        | DecryptError::NoMatchingKeys => format!(
            "the passphrase does not open the private key in {shown}: no attempt was charged, try again"
        ),
        _ => format!(
            "{shown} is damaged, or not encrypted as tenlock does it: use another copy of it"
        ),
    };
    Failure::new(Code::Usage, "private_key", message)
}

fn secret_string(passphrase: &Passphrase) -> SecretString {
    // A passphrase is UTF-8 by construction.
    str::from_utf8(passphrase.expose())
        .unwrap_or_default()
        .to_owned()
        .into()
}

/// 2^18 iterations of scrypt: 256 MiB and about a second.
const WORK_FACTOR: u8 = 18;
/// What is accepted: 4 GiB would be the next.
const MAX_WORK_FACTOR: u8 = 21;
const WHAT: &str = "private key";
