//! Roles and what happens at a limit of attempts: their names, in and out.

use tenlock::format::Action;
use tenlock::volume::Role;

/// Parses the name of a role.
pub(crate) fn parse_role(text: &str) -> Result<Role, String> {
    Role::ALL
        .into_iter()
        .find(|role| role.name() == text)
        .ok_or_else(|| "give admin, user, recovery or escrow".to_owned())
}

/// Parses what happens at the limit; with a dash as in options, or an underscore as in JSON.
pub(crate) fn parse_action(text: &str) -> Result<Action, String> {
    [Action::EraseSlot, Action::EraseVolume]
        .into_iter()
        .find(|action| action_name(*action) == text.replace('-', "_"))
        .ok_or_else(|| "give erase-slot or erase-volume".to_owned())
}

/// What happens at the limit, in JSON.
pub(crate) fn action_name(action: Action) -> &'static str {
    match action {
        Action::EraseSlot => "erase_slot",
        Action::EraseVolume => "erase_volume",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for role in Role::ALL {
            assert_eq!(parse_role(role.name()), Ok(role));
        }
        for action in [Action::EraseSlot, Action::EraseVolume] {
            assert_eq!(parse_action(action_name(action)), Ok(action));
            let with_dash = action_name(action).replace('_', "-");
            assert_eq!(parse_action(&with_dash), Ok(action));
        }
        assert!(parse_role("Admin").is_err() && parse_action("erase").is_err());
    }
}
