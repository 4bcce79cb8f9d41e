//! What a person or a program presents to open a slot, or to be given one.
//!
//! A [`Credential`] is a list of parts, one for each factor of a slot: it fits the slots that ask for
//! exactly these factors. `Credential::from(&passphrase).and(&key_file)` opens a slot that asks for
//! both, and no slot that asks for one of them.
//!
//! Credentials borrow their secrets, which stay where the caller keeps them.

use std::fmt;

use super::external::ExternalFactor;
use crate::crypto::{KeyFile, Passphrase, PrivateKey, RecipientPublicKey, RecoveryKey};
use crate::format::{Factor, MAX_FACTORS, Slot};

/// One to four factors that are presented together.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tenlock::crypto::{KeyFile, Passphrase};
/// use tenlock::volume::Credential;
///
/// let passphrase = Passphrase::new("correct horse battery staple")?;
/// let key_file = KeyFile::from_reader(&b"any bytes at all"[..])?;
/// let both = Credential::from(&passphrase).and(&key_file);
/// # assert!(!format!("{both:?}").contains("horse"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Credential<'a> {
    parts: Vec<Part<'a>>,
}

/// One factor as it is presented.
#[derive(Clone)]
pub(super) enum Part<'a> {
    /// Something known.
    Passphrase(&'a Passphrase),
    /// The contents of a file.
    KeyFile(&'a KeyFile),
    /// A printed random key.
    RecoveryKey(&'a RecoveryKey),
    /// The private key to which a slot is sealed.
    PrivateKey(&'a PrivateKey),
    /// The public half: a slot can be given to it, and it opens none.
    PublicKey(RecipientPublicKey),
    /// Somebody outside this library; the parameters are for a new slot.
    External(&'a dyn ExternalFactor, Option<&'a [u8]>),
}

/// Why parts do not make a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// More parts than a slot has room for.
    #[error("a credential has one to four factors: leave some out")]
    TooMany,
    /// Two parts of one kind.
    #[error("two factors of the credential are of the same kind: give each kind once")]
    Repeated,
    /// A kind of factor that the role does not take.
    #[error(
        "a passphrase, key file or external factor can be guessed and needs a limit of attempts, which recovery and escrow slots do not have: give them a recovery key or a public key"
    )]
    Guessable,
    /// The parameters of an external factor do not fit into a slot.
    #[error(
        "the parameters of the external factor are too long, or its name is not 1 to 64 bytes of text"
    )]
    External,
}

impl<'a> Credential<'a> {
    /// These parts and those of `other`, to be presented together.
    #[must_use]
    pub fn and(mut self, other: impl Into<Credential<'a>>) -> Self {
        self.parts.extend(other.into().parts);
        self.parts.sort_by_key(Part::kind);
        self
    }

    /// A factor that a provider outside this library answers for. Where a holder replaces his
    /// credential, the parameters that the slot keeps for this provider stay.
    #[must_use]
    pub fn external(provider: &'a dyn ExternalFactor) -> Self {
        Part::External(provider, None).into()
    }

    /// As [`external`](Self::external), for a new slot, which keeps `params` for the provider.
    #[must_use]
    pub fn new_external(provider: &'a dyn ExternalFactor, params: &'a [u8]) -> Self {
        Part::External(provider, Some(params)).into()
    }

    pub(super) fn parts(&self) -> &[Part<'a>] {
        &self.parts
    }

    /// Whether `slot` asks for exactly these parts.
    pub(super) fn fits(&self, slot: &Slot) -> bool {
        self.parts.len() == slot.factors.len()
            && slot
                .factors
                .iter()
                .all(|factor| self.part_for(factor).is_some())
    }

    /// The part that answers for `factor`.
    pub(super) fn part_for(&self, factor: &Factor) -> Option<&Part<'a>> {
        self.parts.iter().find(|part| part.answers(factor))
    }

    /// The same parts; where the parameters of an external factor were left out, they are those of
    /// the same provider's in `factors`.
    pub(super) fn with_params_of<'b>(&self, factors: &'b [Factor]) -> Credential<'b>
    where
        'a: 'b,
    {
        let params_for = |name: &str| {
            factors.iter().find_map(|factor| match factor {
                Factor::External { provider, params } if provider == name => Some(&params[..]),
                _ => None,
            })
        };
        let parts = self.parts.iter().map(|part| match part {
            Part::External(provider, None) => {
                Part::External(*provider, params_for(provider.provider()))
            }
            other => other.clone(),
        });
        Credential {
            parts: parts.collect(),
        }
    }

    /// Whether a slot that asks for these parts needs a counter.
    pub(super) fn is_guessable(&self) -> bool {
        self.parts.iter().any(Part::is_guessable)
    }

    /// Whether there is a part of each kind, or of each provider, that `slot` asks for.
    pub(super) fn covers(&self, slot: &Slot) -> bool {
        let covers = |part: &Part<'_>, factor: &Factor| match factor {
            Factor::External { .. } => part.answers(factor),
            _ => part.kind() == factor.kind(),
        };
        slot.factors
            .iter()
            .all(|factor| self.parts.iter().any(|part| covers(part, factor)))
    }

    /// Refuses parts that no slot can ask for.
    pub(super) fn check_new(&self) -> Result<(), CredentialError> {
        if self.parts.len() > MAX_FACTORS {
            return Err(CredentialError::TooMany);
        }
        let same = |pair: &[Part<'_>]| pair[0].kind() == pair[1].kind();
        if self.parts.windows(2).any(same) {
            return Err(CredentialError::Repeated);
        }
        let room = |part: &Part<'_>| match part {
            Part::External(provider, params) => {
                (1..=MAX_PROVIDER_LEN).contains(&provider.provider().len())
                    && !provider.provider().contains('\0')
                    && params.unwrap_or_default().len() <= MAX_PARAMS_LEN
            }
            _ => true,
        };
        if self.parts.iter().all(room) {
            Ok(())
        } else {
            Err(CredentialError::External)
        }
    }
}

/// Bytes of a provider's name at most.
const MAX_PROVIDER_LEN: usize = 64;
/// Bytes of an external factor's parameters at most: room is left for three other factors.
pub(super) const MAX_PARAMS_LEN: usize = 2048;

/// Whether guesses at this slot have to be counted: it asks for a factor that does not have at least 128
/// random bits.
pub(super) fn is_guessable(slot: &Slot) -> bool {
    slot.factors.iter().any(|factor| {
        !matches!(
            factor,
            Factor::RecoveryKey { .. } | Factor::PublicKey { .. }
        )
    })
}

impl Part<'_> {
    /// The number of the kind in the format, which is also the order of the factors in a slot.
    fn kind(&self) -> u16 {
        match self {
            Self::Passphrase(_) => 1,
            Self::KeyFile(_) => 2,
            Self::RecoveryKey(_) => 3,
            Self::PrivateKey(_) | Self::PublicKey(_) => 4,
            Self::External(..) => 256,
        }
    }

    fn is_guessable(&self) -> bool {
        matches!(
            self,
            Self::Passphrase(_) | Self::KeyFile(_) | Self::External(..)
        )
    }

    fn answers(&self, factor: &Factor) -> bool {
        match (self, factor) {
            (Self::Passphrase(_), Factor::Passphrase(_))
            | (Self::KeyFile(_), Factor::KeyFile { .. })
            | (Self::RecoveryKey(_), Factor::RecoveryKey { .. }) => true,
            (
                Self::PrivateKey(key),
                Factor::PublicKey {
                    suite, public_key, ..
                },
            ) => *suite == crate::crypto::HPKE_SUITE && key.public_key().0 == *public_key,
            (Self::External(own, _), Factor::External { provider, .. }) => {
                own.provider() == provider
            }
            _ => false,
        }
    }
}

impl<'a> From<Part<'a>> for Credential<'a> {
    fn from(part: Part<'a>) -> Self {
        Self { parts: vec![part] }
    }
}

impl<'a> From<&'a Passphrase> for Credential<'a> {
    fn from(passphrase: &'a Passphrase) -> Self {
        Part::Passphrase(passphrase).into()
    }
}

impl<'a> From<&'a KeyFile> for Credential<'a> {
    fn from(key_file: &'a KeyFile) -> Self {
        Part::KeyFile(key_file).into()
    }
}

impl<'a> From<&'a RecoveryKey> for Credential<'a> {
    fn from(key: &'a RecoveryKey) -> Self {
        Part::RecoveryKey(key).into()
    }
}

impl<'a> From<&'a PrivateKey> for Credential<'a> {
    fn from(key: &'a PrivateKey) -> Self {
        Part::PrivateKey(key).into()
    }
}

/// For a new slot: nothing of the holder's secret is needed.
impl From<RecipientPublicKey> for Credential<'_> {
    fn from(key: RecipientPublicKey) -> Self {
        Part::PublicKey(key).into()
    }
}

impl<'a> From<&Credential<'a>> for Credential<'a> {
    fn from(credential: &Credential<'a>) -> Self {
        credential.clone()
    }
}

/// Shows the kinds and nothing secret.
impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passphrase(_) => "Passphrase",
            Self::KeyFile(_) => "KeyFile",
            Self::RecoveryKey(_) => "RecoveryKey",
            Self::PrivateKey(_) => "PrivateKey",
            Self::PublicKey(_) => "PublicKey",
            Self::External(..) => "External",
        })
    }
}
