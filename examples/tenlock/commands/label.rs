//! `label`: the texts that anybody can read without a key.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;
use tenlock::format::{Label, LabelField};
use tenlock::volume::{Error, inspect};

use crate::credential::CredentialArgs;
use crate::describe;
use crate::failure::Failure;
use crate::image::open_read_only;
use crate::output::{Outcome, Output};
use crate::unlock::{close, unlock_as_admin};

/// The commands of `label`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the texts; costs no attempt.
    Show(ShowArgs),
    /// Change some of the texts.
    Set(Box<SetArgs>),
}

/// Options of `label show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
They are a stranger's words until the volume has been unlocked.

Example:
  tenlock label show disk.img")]
pub(crate) struct ShowArgs {
    /// Image file or block device.
    image: PathBuf,
}

/// Options of `label set`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Texts that are not given stay; an empty one is removed. Needs an admin's credential: on a volume with users with --role admin.

Example:
  tenlock label set disk.img --owner 'Smith LLP' --reward ''")]
pub(crate) struct SetArgs {
    /// Image file or block device.
    image: PathBuf,
    #[command(flatten)]
    label: LabelArgs,
    #[command(flatten)]
    credential: CredentialArgs,
}

/// Texts that anybody can read without a key.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Texts that anybody can read without a key")]
pub(crate) struct LabelArgs {
    /// Name of the volume, at most 62 bytes.
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// Who owns it, at most 126 bytes.
    #[arg(long, value_name = "TEXT")]
    owner: Option<String>,
    /// How to reach the owner, at most 254 bytes.
    #[arg(long, value_name = "TEXT")]
    contact: Option<String>,
    /// What the finder gets, at most 254 bytes.
    #[arg(long, value_name = "TEXT")]
    reward: Option<String>,
    /// Number in the owner's books, at most 62 bytes.
    #[arg(long, value_name = "TEXT")]
    asset_tag: Option<String>,
    /// Whose data it carries, at most 126 bytes.
    #[arg(long, value_name = "TEXT")]
    customer: Option<String>,
    /// Hint for the passphrase, at most 254 bytes; a finder reads it too.
    #[arg(long, value_name = "TEXT")]
    hint: Option<String>,
}

impl LabelArgs {
    /// `label` with the texts that are given.
    pub(crate) fn over(&self, label: &Label) -> Result<Label, Failure> {
        let mut label = label.clone();
        for (field, text) in self.given() {
            label.set(field, text).map_err(Error::from)?;
        }
        Ok(label)
    }

    fn given(&self) -> impl Iterator<Item = (LabelField, &str)> {
        [
            (LabelField::Label, &self.label),
            (LabelField::Owner, &self.owner),
            (LabelField::Contact, &self.contact),
            (LabelField::Reward, &self.reward),
            (LabelField::AssetTag, &self.asset_tag),
            (LabelField::Customer, &self.customer),
            (LabelField::Hint, &self.hint),
        ]
        .into_iter()
        .filter_map(|(field, text)| Some((field, text.as_deref()?)))
    }
}

/// Shows the texts.
pub(crate) fn show(args: &ShowArgs) -> Result<Outcome, Failure> {
    let info = inspect(&open_read_only(&args.image)?)?;
    Ok(outcome(&info.label, String::new()))
}

/// Changes the texts that are given.
pub(crate) fn set(args: &SetArgs, out: &mut Output) -> Result<Outcome, Failure> {
    if args.label.given().next().is_none() {
        return Err(Failure::usage(
            "give at least one text, for example --owner 'Smith LLP'",
        ));
    }
    let volume = unlock_as_admin(&args.image, &args.credential, out)?;
    let label = args.label.over(&volume.info().label)?;
    volume.set_label(&label)?;
    close(volume, out)?;
    Ok(outcome(&label, "The label is changed.\n".to_owned()))
}

fn outcome(label: &Label, text: String) -> Outcome {
    Outcome {
        text: text + &describe::label_text(label),
        json: json!({ "label": describe::label_json(label) }),
    }
}
