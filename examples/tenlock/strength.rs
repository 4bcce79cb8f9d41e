//! Advice on new passphrases.

use tenlock::crypto::Passphrase;
use zxcvbn::feedback::Feedback;
use zxcvbn::{Score, zxcvbn};

use crate::output::Output;

/// Warns of a passphrase that could be guessed, and says how to make a better one. `known` are texts that a finder can read. The
/// passphrase is accepted all the same: ten attempts are few, so it is the copied medium that it has to withstand.
///
/// The estimator keeps copies of parts of the passphrase on the heap, which it does not wipe.
pub(crate) fn advise(passphrase: &Passphrase, known: &[&str], out: &mut Output) {
    let Ok(text) = str::from_utf8(passphrase.expose()) else {
        return;
    };
    let estimate = zxcvbn(text, known);
    if estimate.score() >= Score::Three {
        return;
    }
    let advice = estimate.feedback().map(advice).unwrap_or_default();
    out.warning(format!(
        "this passphrase is weak: about 10^{:.0} guesses find it, and who copies the medium can make more than ten. {advice}\
         Five or more random words are strong.",
        estimate.guesses_log10()
    ));
}

/// The advice contains nothing of the passphrase: the estimator picks from a fixed list.
fn advice(feedback: &Feedback) -> String {
    let warning = feedback.warning().map(|warning| warning.to_string());
    let suggestions = feedback.suggestions().iter().map(ToString::to_string);
    warning
        .into_iter()
        .chain(suggestions)
        .map(|sentence| sentence + " ")
        .collect()
}
