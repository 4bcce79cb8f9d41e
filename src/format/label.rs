//! The label block: the texts that anybody can read, authenticated for whoever unlocks.

use super::block::{
    Block, Kind, VolumeId, check_frame, check_reserved, field, finish, framed, put,
};
use super::defect::Defect;
use super::layout::Span;

/// The texts of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LabelField {
    /// Name of the volume, at most 62 bytes.
    Label,
    /// Who owns it, at most 126 bytes.
    Owner,
    /// How to reach the owner, at most 254 bytes.
    Contact,
    /// What the finder gets, at most 254 bytes.
    Reward,
    /// Number in the owner's books, at most 62 bytes.
    AssetTag,
    /// Whose data it carries, at most 126 bytes.
    Customer,
    /// Hint for the passphrase, at most 254 bytes.
    Hint,
}

impl LabelField {
    /// All fields in the order of the block.
    pub const ALL: [Self; 7] = [
        Self::Label,
        Self::Owner,
        Self::Contact,
        Self::Reward,
        Self::AssetTag,
        Self::Customer,
        Self::Hint,
    ];

    /// Room for text in bytes.
    #[must_use]
    pub const fn room(self) -> usize {
        self.place().len - 2
    }

    /// Name of the field as tools print it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::Owner => "owner",
            Self::Contact => "contact",
            Self::Reward => "reward",
            Self::AssetTag => "asset_tag",
            Self::Customer => "customer",
            Self::Hint => "hint",
        }
    }

    /// Length (2 bytes) and text.
    const fn place(self) -> Span {
        match self {
            Self::Label => Span::at(32, 64),
            Self::Owner => Self::Label.place().then(128),
            Self::Contact => Self::Owner.place().then(256),
            Self::Reward => Self::Contact.place().then(256),
            Self::AssetTag => Self::Reward.place().then(64),
            Self::Customer => Self::AssetTag.place().then(128),
            Self::Hint => Self::Customer.place().then(256),
        }
    }
}

const _: () = {
    assert!(
        LabelField::Owner.place().start == 96
            && LabelField::Contact.place().start == 224
            && LabelField::Reward.place().start == 480
    );
    assert!(LabelField::AssetTag.place().start == 736 && LabelField::Customer.place().start == 800);
    assert!(LabelField::Hint.place().start == 928 && LabelField::Hint.place().end() == 1184);
};

/// Why a text cannot be part of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Longer than its room.
    #[error("the text for {} is {length} bytes long, at most {} are possible: shorten it", field.name(), field.room())]
    TooLong {
        /// Which text.
        field: LabelField,
        /// Its length in bytes of UTF-8.
        length: usize,
    },
    /// With a control character, which could drive a terminal that prints it.
    #[error("the text for {} has a control character (line break, tab, escape): leave it out", field.name())]
    ControlCharacter {
        /// Which text.
        field: LabelField,
    },
}

/// The public texts of a volume. Without an unlocked volume they are a stranger's words: escape
/// them when printing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    texts: [String; LabelField::ALL.len()],
}

impl Label {
    /// The text of a field; empty if there is none.
    #[must_use]
    pub fn text(&self, field: LabelField) -> &str {
        &self.texts[field as usize]
    }

    /// Sets the text of a field. On error the label is unchanged.
    pub fn set(&mut self, field: LabelField, text: &str) -> Result<(), LabelError> {
        if text.len() > field.room() {
            return Err(LabelError::TooLong {
                field,
                length: text.len(),
            });
        }
        if text.chars().any(char::is_control) {
            return Err(LabelError::ControlCharacter { field });
        }
        text.clone_into(&mut self.texts[field as usize]);
        Ok(())
    }

    /// Reads a label block.
    pub fn parse(block: &Block) -> Result<(VolumeId, Self), Defect> {
        let id = check_frame(block, Kind::Label, 0)?;
        check_reserved(block, &LabelField::ALL.map(LabelField::place))?;
        let mut label = Self::default();
        for which in LabelField::ALL {
            label.texts[which as usize] = parse_text(field(block, which.place()))?;
        }
        Ok((id, label))
    }

    /// Encodes the label.
    #[must_use]
    pub fn encode(&self, id: VolumeId) -> Box<Block> {
        let mut block = framed(Kind::Label, 0, id);
        for which in LabelField::ALL {
            let (text, place) = (self.text(which).as_bytes(), which.place());
            put(
                &mut block,
                Span::at(place.start, 2),
                &text.len().to_le_bytes()[..2],
            );
            put(&mut block, Span::at(place.start + 2, text.len()), text);
        }
        finish(block)
    }

    /// The bytes that the authority signs.
    #[must_use]
    pub fn signed_bytes(&self, id: VolumeId) -> Vec<u8> {
        self.encode(id)[..super::block::BODY_END].to_vec()
    }
}

fn parse_text(place: &[u8]) -> Result<String, Defect> {
    let (length, room) = place.split_at(2);
    let length = usize::from(length[0]) | usize::from(length[1]) << 8;
    let (text, unused) = room.split_at_checked(length).ok_or(Defect::LabelText)?;
    if unused.iter().any(|byte| *byte != 0) {
        return Err(Defect::LabelText);
    }
    core::str::from_utf8(text)
        .map(str::to_owned)
        .map_err(|_| Defect::LabelText)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> VolumeId {
        VolumeId::from_random([2; 16])
    }

    fn full() -> Label {
        let mut label = Label::default();
        for field in LabelField::ALL {
            label.set(field, &"é".repeat(field.room() / 2)).unwrap();
        }
        label
    }

    #[test]
    fn what_was_encoded_is_read_back() {
        for label in [Label::default(), full()] {
            assert_eq!(Label::parse(&label.encode(id())), Ok((id(), label)));
        }
    }

    #[test]
    fn f50_malformed_texts_are_refused() {
        for (offset, byte) in [(32, 63), (33, 1), (34 + 5, 0xff), (34 + 61, 0)] {
            let mut block = full().encode(id());
            block[offset] = byte;
            assert_eq!(
                Label::parse(&finish(block)),
                Err(Defect::LabelText),
                "offset {offset}"
            );
        }
        let mut block = Label::default().encode(id());
        block[40] = b'x';
        assert_eq!(
            Label::parse(&finish(block)),
            Err(Defect::LabelText),
            "text behind the length"
        );
    }

    #[test]
    fn control_characters_and_long_texts_are_not_stored() {
        let mut label = full();
        let before = label.clone();
        assert_eq!(
            label.set(LabelField::Hint, "a\u{1b}[2J"),
            Err(LabelError::ControlCharacter {
                field: LabelField::Hint
            })
        );
        assert_eq!(
            label.set(LabelField::Label, &"x".repeat(63)),
            Err(LabelError::TooLong {
                field: LabelField::Label,
                length: 63
            })
        );
        assert_eq!(label, before);
    }

    #[test]
    fn f06_reserved_bytes_must_be_zero() {
        let mut block = full().encode(id());
        block[1184] = 1;
        assert_eq!(
            Label::parse(&finish(block)),
            Err(Defect::Reserved { offset: 1184 })
        );
    }
}
