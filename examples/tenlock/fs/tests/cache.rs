use hadris_storage::BlockIndex;
use hadris_storage::sync::BlockDevice;

use super::super::device::Device;
use super::*;

/// xorshift64, to be the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

#[test]
fn cached_device_reads_back_what_a_plain_vector_would() {
    const BLOCKS: u64 = 40 * MIB / 4096;
    let payload = Memory::new(BLOCKS * 4096);
    let mut model = payload.bytes.lock().unwrap().clone();
    let mut device = Device::new(&payload);
    let mut random = Random(0x5EED);
    for step in 0..20_000_u32 {
        // Both small requests, which are held, and large ones, which pass by.
        let longest = if random.below(20) == 0 { 40 } else { 4 };
        let count = 1 + random.below(longest);
        let first = random.below(BLOCKS - count);
        let start = usize::try_from(first * 4096).unwrap();
        let end = start + usize::try_from(count * 4096).unwrap();
        if random.below(2) == 0 {
            let fill = step.to_le_bytes()[0];
            model[start..end].fill(fill);
            let data = vec![fill; end - start];
            device.write_blocks(BlockIndex::new(first), &data).unwrap();
        } else {
            let mut data = vec![0; end - start];
            device
                .read_blocks(BlockIndex::new(first), &mut data)
                .unwrap();
            assert_eq!(data, model[start..end], "step {step}");
        }
    }
    device.flush().unwrap();
    assert!(*payload.bytes.lock().unwrap() == model);
}

#[test]
fn neighbouring_small_writes_reach_the_payload_as_one() {
    let payload = Memory::new(MIB);
    let mut device = Device::new(&payload);
    for block in (0..64).rev() {
        device
            .write_blocks(BlockIndex::new(block), &[1; 4096])
            .unwrap();
    }
    assert_eq!(payload.writes.load(Ordering::Relaxed), 0);
    device.flush().unwrap();
    assert_eq!(payload.writes.load(Ordering::Relaxed), 1);
}

#[test]
fn a_request_past_the_end_is_refused() {
    let payload = Memory::new(MIB);
    let mut device = Device::new(&payload);
    let last = BlockIndex::new(255);
    assert!(device.write_blocks(last, &[0; 4096]).is_ok());
    assert!(device.write_blocks(last, &[0; 8192]).is_err());
    let far = BlockIndex::new(u64::MAX);
    assert!(device.read_blocks(far, &mut [0; 8192]).is_err());
}

#[test]
fn a_payload_of_odd_length_is_used_to_its_last_sector() {
    let payload = Memory::new(MIB + 512);
    let mut device = Device::new(&payload);
    let last = BlockIndex::new(device.block_count() - 1);
    assert_eq!(last.get(), MIB / 512);
    device.write_blocks(last, &[1; 512]).unwrap();
}
