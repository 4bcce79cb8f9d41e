//! `policy`: the rules of a volume.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;
use tenlock::volume::{PolicyRules, Role, inspect};

use crate::credential::CredentialArgs;
use crate::describe;
use crate::failure::Failure;
use crate::image::open_read_only;
use crate::output::{Outcome, Output};
use crate::terms::parse_role;
use crate::units::{parse_count, parse_kib};
use crate::unlock::{close, unlock_as_admin};

/// The commands of `policy`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the rules; costs no attempt.
    Show(ShowArgs),
    /// Change some of the rules.
    Set(Box<SetArgs>),
}

/// Options of `policy show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  tenlock policy show disk.img --json")]
pub(crate) struct ShowArgs {
    /// Image file or block device.
    image: PathBuf,
}

/// Options of `policy set`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Rules that are not given stay. They hold for new credentials: what opens the volume now goes on to open it. Limits of \
attempts are set with `slot lockout`. Needs an admin's credential: on a volume with users with --role admin.

Examples:
  tenlock policy set disk.img --min-length 16 --min-strength-bits 50
  tenlock policy set disk.img --required-roles admin,recovery --auto-lock-seconds 600")]
pub(crate) struct SetArgs {
    /// Image file or block device.
    image: PathBuf,
    #[command(flatten)]
    rules: RulesArgs,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// The rules to be changed, at least one.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct RulesArgs {
    /// Least number of characters of a passphrase; 0 for no rule.
    #[arg(long, value_name = "N", value_parser = parse_count)]
    min_length: Option<u32>,
    /// Least estimated strength of a passphrase in bits, up to 63; 0 for no rule.
    #[arg(long, value_name = "N", value_parser = parse_count)]
    min_strength_bits: Option<u32>,
    /// Whether passphrases are refused that say what stands in the label or the hint.
    #[arg(long, value_name = "true|false")]
    not_the_label: Option<bool>,
    /// Least memory of the key derivation; 0 for no rule.
    #[arg(long, value_name = "SIZE", value_parser = parse_kib)]
    min_kdf_memory: Option<u32>,
    /// Least passes of the key derivation; 0 for no rule.
    #[arg(long, value_name = "N", value_parser = parse_count)]
    min_kdf_passes: Option<u32>,
    /// Seconds without use after which programs are to lock the volume; 0 for never.
    #[arg(long, value_name = "N", value_parser = parse_count)]
    auto_lock_seconds: Option<u32>,
    /// Roles of which a slot must always exist, with commas between; `none` for no rule. An admin must in any case.
    #[arg(long, value_name = "ROLES", value_parser = parse_roles)]
    required_roles: Option<Roles>,
}

/// A list of roles: one value of one option.
#[derive(Clone, Debug)]
struct Roles(Vec<Role>);

impl RulesArgs {
    fn over(&self, mut rules: PolicyRules) -> PolicyRules {
        let passphrases = &mut rules.passphrases;
        // A number that is too large for its field is as wrong as the largest one.
        let narrow = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
        replace(&mut passphrases.min_chars, self.min_length.map(narrow));
        replace(
            &mut passphrases.min_strength_bits,
            self.min_strength_bits.map(narrow),
        );
        replace(&mut passphrases.not_the_label, self.not_the_label);
        replace(&mut rules.min_kdf_memory_kib, self.min_kdf_memory);
        replace(&mut rules.min_kdf_passes, self.min_kdf_passes);
        replace(&mut rules.auto_lock_seconds, self.auto_lock_seconds);
        let required = self.required_roles.as_ref();
        replace(
            &mut rules.required_roles,
            required.map(|list| list.0.clone()),
        );
        rules
    }
}

/// Shows the rules.
pub(crate) fn show(args: &ShowArgs) -> Result<Outcome, Failure> {
    let info = inspect(&open_read_only(&args.image)?)?;
    Ok(outcome(&info.policy, String::new()))
}

/// Changes the rules that are given.
pub(crate) fn set(args: &SetArgs, out: &mut Output) -> Result<Outcome, Failure> {
    let volume = unlock_as_admin(&args.image, &args.credential, out)?;
    let rules = args.rules.over(volume.policy());
    volume.set_policy(&rules)?;
    close(volume, out)?;
    Ok(outcome(&rules, "The policy is changed.\n".to_owned()))
}

fn outcome(rules: &PolicyRules, text: String) -> Outcome {
    Outcome {
        text: text + &describe::policy_text(rules),
        json: json!({ "policy": describe::policy_json(rules) }),
    }
}

fn replace<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn parse_roles(text: &str) -> Result<Roles, String> {
    if text == "none" {
        return Ok(Roles(Vec::new()));
    }
    text.split(',')
        .map(parse_role)
        .collect::<Result<_, _>>()
        .map(Roles)
}
