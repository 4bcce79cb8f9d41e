//! Profiles: a volume with all its slots and rules in a JSON file, for provisioning without a person.

mod schema;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use tenlock::format::Label;
use tenlock::volume::{
    CreateOptions, Error, Grantee, LabelField, NewSlot, PolicyRules, Role, SectorSize,
};

use self::schema::{CredentialSchema, KdfSchema, LabelSchema, PolicySchema, Schema, SlotSchema};
use super::options::{FileSystem, cost, cost_or_calibrated, parse_sector_size, texts, usual_rules};
use crate::credential::{
    NewRecoveryKey, NewSecrets, NewSources, Source, parse_public_key, read_public_key_file,
    refuse_shared_descriptors,
};
use crate::failure::Failure;
use crate::image::show;
use crate::output::Output;
use crate::terms::{parse_action, parse_role};
use crate::units::{parse_kib, parse_room};

/// A profile that makes sense as far as it can be told without its secrets.
pub(crate) struct Profile {
    pub(crate) size: Option<u64>,
    pub(crate) sector_size: SectorSize,
    pub(crate) filesystem: FileSystem,
    slots: Vec<(NewSlot, NewSources)>,
    policy: PolicyRules,
    label: Label,
    kdf: Option<KdfSchema>,
}

/// The slots of a profile with their secrets.
pub(crate) struct Slots {
    slots: Vec<(NewSlot, NewSources, NewSecrets)>,
}

/// Reads a profile and checks it. No secret is read, and nothing is written.
pub(crate) fn load(path: &Path) -> Result<Profile, Failure> {
    let shown = show(path);
    let wrong = |problem: String| Failure::usage(format!("{shown}: {problem}"));
    let text = read(path, &shown)?;
    let schema: Schema = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let profile = check(schema, folder).map_err(|failure| Failure {
        message: format!("{shown}: {}", failure.message),
        ..failure
    })?;
    if profile
        .slots
        .first()
        .is_none_or(|(slot, _)| slot.role != Role::Admin)
    {
        return Err(wrong("the first slot must be an admin's".to_owned()));
    }
    Ok(profile)
}

impl Profile {
    /// The options for the library, but for the size.
    pub(crate) fn options(&self) -> Result<CreateOptions, Failure> {
        let mut options = CreateOptions::default();
        options.sector_size = self.sector_size;
        options.label = self.label.clone();
        options.policy = self.policy.clone();
        options.origin = crate::credential::origin();
        let cost = self.kdf.as_ref().map_or(Ok(None), to_cost)?;
        // Where each slot has its own, none has to be found out.
        let needed = self.slots.iter().any(|(slot, _)| slot.cost.is_none());
        if cost.is_some() || needed {
            options.cost = cost_or_calibrated(cost)?;
        }
        Ok(options)
    }

    /// Reads all the secrets.
    pub(crate) fn read_slots(self, label: &Label, out: &mut Output) -> Result<Slots, Failure> {
        let known = texts(label);
        let mut slots = Vec::new();
        for (slot, sources) in self.slots {
            let secrets = sources.read_given(&known, out)?;
            slots.push((slot, sources, secrets));
        }
        Ok(Slots { slots })
    }
}

impl Slots {
    /// Makes the recovery keys and writes their files.
    pub(crate) fn make_recovery_keys(&mut self, image: &Path) -> Result<(), Failure> {
        for (_, sources, secrets) in &mut self.slots {
            sources.make_recovery_key(secrets, image)?;
        }
        Ok(())
    }

    /// The slots for the library.
    pub(crate) fn grantees(&self) -> Result<Vec<Grantee<'_>>, Failure> {
        self.slots
            .iter()
            .map(|(slot, _, secrets)| {
                Ok(Grantee {
                    slot: slot.clone(),
                    credential: secrets.secrets.credential()?,
                })
            })
            .collect()
    }

    /// Keeps the files of the recovery keys if they may open the volume now, and passes the result on.
    pub(crate) fn settle<T>(
        self,
        mut result: Result<T, Failure>,
        out: &mut Output,
    ) -> Result<T, Failure> {
        for (_, _, secrets) in self.slots {
            result = secrets.settle(result, out);
        }
        result
    }
}

fn read(path: &Path, shown: &str) -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::io("read the profile", shown, &error);
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MAX_LEN + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_LEN {
        return Err(Failure::usage(format!(
            "{shown} holds more than {MAX_LEN} bytes: that is no profile, check the path"
        )));
    }
    String::from_utf8(bytes).map_err(|_| Failure::usage(format!("{shown} is not text in UTF-8")))
}

fn check(schema: Schema, folder: &Path) -> Result<Profile, Failure> {
    let room = |size: String| parse_room(&size).map_err(|problem| in_member("size", &problem));
    let slots: Vec<_> = schema
        .slots
        .into_iter()
        .map(|slot| to_slot(slot, folder))
        .collect::<Result<_, _>>()?;
    refuse_shared_descriptors(
        slots
            .iter()
            .filter_map(|(_, sources)| sources.passphrase.as_ref()),
    )?;
    Ok(Profile {
        size: schema.size.map(String::from).map(room).transpose()?,
        sector_size: match schema.sector_size {
            None => SectorSize::B4096,
            Some(bytes) => parse_sector_size(&bytes.to_string())
                .map_err(|problem| in_member("sector_size", &problem))?,
        },
        filesystem: match schema.filesystem {
            None => FileSystem::Exfat,
            Some(name) => FileSystem::named(&name)
                .ok_or_else(|| in_member("filesystem", "give exfat, fat32 or none"))?,
        },
        slots,
        policy: to_policy(schema.policy)?,
        label: to_label(&schema.label)?,
        kdf: schema.kdf,
    })
}

fn to_slot(schema: SlotSchema, folder: &Path) -> Result<(NewSlot, NewSources), Failure> {
    let role = parse_role(&schema.role).map_err(|problem| in_member("role", &problem))?;
    let mut slot = NewSlot::new(role);
    slot.name = schema.name;
    slot.index = schema.index;
    slot.attempt_limit = schema.attempts.unwrap_or(slot.attempt_limit);
    if let Some(action) = schema.action {
        slot.action = parse_action(&action).map_err(|problem| in_member("action", &problem))?;
    }
    slot.must_change = schema.must_change;
    slot.read_only = schema.read_only;
    slot.one_time = schema.one_time;
    slot.last_attempt_reserved = schema.reserve_last_attempt;
    slot.cost = schema.kdf.as_ref().map_or(Ok(None), to_cost)?;
    Ok((slot, to_sources(schema.credential, folder)?))
}

fn to_sources(schema: CredentialSchema, folder: &Path) -> Result<NewSources, Failure> {
    let inside = |path: PathBuf| folder.join(path);
    let file = schema.passphrase_file.map(inside);
    if file.is_some() && schema.passphrase_fd.is_some() {
        return Err(in_member("credential", "give one passphrase"));
    }
    let public_key = match (schema.public_key, schema.public_key_file) {
        (Some(_), Some(_)) => return Err(in_member("credential", "give one public key")),
        (Some(text), None) => Some(parse_public_key(&text)?),
        (None, Some(path)) => Some(read_public_key_file(&inside(path))?),
        (None, None) => None,
    };
    let sources = NewSources {
        passphrase: Source::given(file.as_ref(), schema.passphrase_fd),
        key_file: schema.key_file.map(inside),
        recovery_key: schema
            .new_recovery_key_file
            .map(inside)
            .map(NewRecoveryKey::File),
        public_key,
    };
    if sources.is_empty() {
        return Err(in_member("credential", "give at least one"));
    }
    Ok(sources)
}

fn to_policy(schema: PolicySchema) -> Result<PolicyRules, Failure> {
    let mut rules = usual_rules();
    rules.passphrases.min_chars = schema.min_length;
    rules.passphrases.min_strength_bits = schema.min_strength_bits;
    if let Some(refused) = schema.not_the_label {
        rules.passphrases.not_the_label = refused;
    }
    rules.min_kdf_memory_kib = match schema.min_kdf_memory {
        None => 0,
        Some(size) => parse_kib(&String::from(size))
            .map_err(|problem| in_member("min_kdf_memory", &problem))?,
    };
    rules.min_kdf_passes = schema.min_kdf_passes;
    rules.auto_lock_seconds = schema.auto_lock_seconds;
    rules.required_roles = schema
        .required_roles
        .iter()
        .map(|role| parse_role(role))
        .collect::<Result<_, _>>()
        .map_err(|problem| in_member("required_roles", &problem))?;
    Ok(rules)
}

fn to_label(schema: &LabelSchema) -> Result<Label, Failure> {
    let mut label = Label::default();
    for (field, text) in [
        (LabelField::Label, &schema.label),
        (LabelField::Owner, &schema.owner),
        (LabelField::Contact, &schema.contact),
        (LabelField::Reward, &schema.reward),
        (LabelField::AssetTag, &schema.asset_tag),
        (LabelField::Customer, &schema.customer),
        (LabelField::Hint, &schema.hint),
    ] {
        label.set(field, text).map_err(Error::from)?;
    }
    Ok(label)
}

fn to_cost(schema: &KdfSchema) -> Result<Option<tenlock::crypto::Argon2Cost>, Failure> {
    let memory = schema.memory.clone().map(|size| {
        parse_kib(&String::from(size)).map_err(|problem| in_member("memory", &problem))
    });
    cost(memory.transpose()?, schema.passes, schema.lanes)
}

fn in_member(name: &str, problem: &str) -> Failure {
    Failure::usage(format!("`{name}`: {problem}"))
}

/// Bytes of a profile at most: far more than 32 slots need.
const MAX_LEN: u64 = 1 << 20;
