//! Headers as somebody without a key could change them.

use tenlock::crypto::sha256;
use tenlock::format::{COPY_LEN, Header, HeaderCopy, Label, LabelField, USED_LEN, VolumeId};

/// Puts an owner into the label as somebody without a key could, control characters included.
pub(crate) fn set_owner(image: &mut [u8], owner: &str) {
    let starts = [0, image.len() - usize::try_from(COPY_LEN).unwrap()];
    let copies = starts.map(|start| {
        let blocks = image[start..start + USED_LEN]
            .chunks(4096)
            .map(|block| Some(Box::new(block.try_into().unwrap())));
        HeaderCopy::parse(&blocks.collect::<Vec<_>>())
    });
    let mut header = Header::choose(&copies[0], &copies[1]).unwrap();
    header.label = raw_label(header.root.id, owner);
    header.renew_sums();
    for (index, block) in header.encode() {
        for start in starts {
            image[start + index * 4096..][..4096].copy_from_slice(&*block);
        }
    }
}

/// [`Label::set`] refuses control characters, so a placeholder of the same length is replaced in the encoded block.
fn raw_label(id: VolumeId, owner: &str) -> Label {
    let placeholder = "~".repeat(owner.len());
    let mut label = Label::default();
    label.set(LabelField::Owner, &placeholder).unwrap();
    let mut block = label.encode(id);
    let at = block
        .windows(owner.len())
        .position(|window| window == placeholder.as_bytes())
        .unwrap();
    block[at..at + owner.len()].copy_from_slice(owner.as_bytes());
    let (body, checksum) = block.split_at_mut(4064);
    checksum.copy_from_slice(&sha256(&[body]));
    Label::parse(&block).unwrap().1
}
