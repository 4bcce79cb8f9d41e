//! The rules of a volume and its label, which an admin signs.

use super::change::Signed;
use super::draft::Draft;
use super::error::Error;
use super::event::EventKind;
use super::rules;
use super::unlocked::Volume;
use crate::crypto::Argon2Cost;
use crate::format::{Header, Label, PassphraseRules, Policy, Role};

/// The rules of a volume. Limits of attempts belong to the slots: see
/// [`NewSlot`](super::NewSlot) and [`Volume::set_lockout`].
///
/// Rules for passphrases bind new ones; what is there stays.
///
/// ```
/// # use tenlock::crypto::{Argon2Cost, Passphrase};
/// # use tenlock::storage::MemoryStorage;
/// # use tenlock::volume::{CreateOptions, create};
/// use tenlock::volume::{Error, LabelField, Role};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut options = CreateOptions::default();
/// # options.payload_length = Some(1 << 20);
/// # options.cost = Argon2Cost::new(19_456, 2, 1)?;
/// # let volume = create(MemoryStorage::default(), &options, &Passphrase::new("right")?)?;
/// let mut rules = volume.policy();
/// rules.passphrases.min_chars = 14;
/// rules.auto_lock_seconds = 600;
/// volume.set_policy(&rules)?;
/// let short = Passphrase::new("too short")?;
/// assert!(matches!(volume.change_credential(&short, None), Err(Error::Rule(_))));
///
/// // A role of which there is no slot cannot be demanded.
/// rules.required_roles = vec![Role::Escrow];
/// assert!(matches!(volume.set_policy(&rules), Err(Error::RequiredRole { role: Role::Escrow })));
///
/// let mut label = volume.info().label;
/// label.set(LabelField::Owner, "Example IT Ltd")?;
/// volume.set_label(&label)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyRules {
    /// What new passphrases have to be like.
    pub passphrases: PassphraseRules,
    /// Least memory of the key derivation of new passphrases, in KiB; 0 for the least there is.
    pub min_kdf_memory_kib: u32,
    /// Least passes of the key derivation of new passphrases; 0 for the least there is.
    pub min_kdf_passes: u32,
    /// Seconds without use after which an embedding program is to lock the volume, see
    /// [`AutoLock`](super::AutoLock); 0 for never. The library does not do it by itself.
    pub auto_lock_seconds: u32,
    /// Roles of which a slot must always be in force. An admin must in any case. A one-time recovery
    /// key is spent all the same if it was the last: from then on [`Volume::set_policy`] with this
    /// role in it is [`Error::RequiredRole`] until there is a slot of the role again.
    pub required_roles: Vec<Role>,
}

impl PolicyRules {
    /// The rules of a policy.
    pub(super) fn of(policy: &Policy) -> Self {
        Self {
            passphrases: policy.passphrases,
            min_kdf_memory_kib: policy.min_kdf_memory_kib,
            min_kdf_passes: policy.min_kdf_passes,
            auto_lock_seconds: policy.auto_lock_seconds,
            required_roles: Role::ALL
                .into_iter()
                .filter(|role| policy.requires(*role))
                .collect(),
        }
    }

    /// Puts the rules into `header`, of which nothing is changed on error.
    ///
    /// # Errors
    /// [`Error::PolicyRules`], [`Error::Rule`], [`Error::Cost`]; [`Error::RequiredRole`] for a role
    /// of which there is no slot.
    pub(super) fn put_into(&self, header: &mut Header) -> Result<(), Error> {
        let missing = self.required_roles.iter().find(|role| {
            !(0..header.slots.len()).any(|slot| {
                super::attempt::is_in_use(header, slot)
                    && super::slots::granted_role(header, slot).ok() == Some(**role)
            })
        });
        if let Some(role) = missing {
            return Err(Error::RequiredRole { role: *role });
        }
        self.put_passphrase_rules(header)?;
        let policy = &mut header.policy;
        policy.auto_lock_seconds = self.auto_lock_seconds;
        policy.require_roles(&self.required_roles);
        Ok(())
    }

    /// Puts in what new credentials are held against.
    pub(super) fn put_passphrase_rules(&self, header: &mut Header) -> Result<(), Error> {
        self.check()?;
        let policy = &mut header.policy;
        policy.passphrases = self.passphrases;
        policy.min_kdf_memory_kib = self.min_kdf_memory_kib;
        policy.min_kdf_passes = self.min_kdf_passes;
        Ok(())
    }

    fn check(&self) -> Result<(), Error> {
        rules::check_rules(self.passphrases)?;
        let memory_kib = self.min_kdf_memory_kib.max(Argon2Cost::MIN_MEMORY_KIB);
        let passes = self.min_kdf_passes.max(Argon2Cost::MIN_PASSES);
        Argon2Cost::new(memory_kib, passes, Argon2Cost::MIN_LANES)
            .map(drop)
            .map_err(Error::Cost)
    }
}

impl Volume {
    /// The rules of the volume.
    #[must_use]
    pub fn policy(&self) -> PolicyRules {
        PolicyRules::of(&self.header().policy)
    }

    /// Replaces the rules. Admins only.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], [`Error::PolicyRules`], [`Error::Rule`], [`Error::Cost`],
    /// [`Error::RequiredRole`] for a role of which there is no slot,
    /// [`Error::HeaderCopyMissing`]: nothing was changed. [`Error::Io`]: the old or the new rules
    /// are in force.
    pub fn set_policy(&self, rules: &PolicyRules) -> Result<(), Error> {
        self.check_role("change the policy", &[Role::Admin])?;
        self.change_own_slot(EventKind::PolicyChanged, |draft| {
            rules.put_into(&mut draft.header)
        })
    }

    /// Replaces the label. Admins only.
    ///
    /// # Errors
    /// [`Error::NotPermitted`], [`Error::HeaderCopyMissing`]: nothing was changed.
    /// [`Error::Io`]: the old or the new label is in force.
    pub fn set_label(&self, label: &Label) -> Result<(), Error> {
        self.check_role("change the label", &[Role::Admin])?;
        self.change_own_slot(EventKind::LabelChanged, |draft| {
            draft.header.label = label.clone();
            Ok(())
        })
    }

    fn change_own_slot(
        &self,
        event: EventKind,
        edit: impl FnOnce(&mut Draft<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.change(Signed::ByAuthority, event, |draft| {
            edit(draft)?;
            Ok(self.slot())
        })
        .map(drop)
    }
}
