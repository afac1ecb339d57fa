//! States as 128 bits, and a table that numbers them.

use std::hash::{Hash, Hasher};

/// Two independent 64-bit hashes of a state.
pub fn fingerprint<T: Hash>(state: &T) -> u128 {
    let mut lanes = Lanes::default();
    state.hash(&mut lanes);
    let first = finish(lanes.first);
    let second = finish(lanes.second ^ 0x2545_f491_4f6c_dd1d);
    (u128::from(first) << 64) | u128::from(second)
}

/// A quick hasher; not against people who choose what is hashed.
pub struct Lanes {
    first: u64,
    second: u64,
}

impl Default for Lanes {
    fn default() -> Self {
        Self {
            first: 0x9e37_79b9_7f4a_7c15,
            second: 0xd1b5_4a32_d192_ed03,
        }
    }
}

impl Lanes {
    fn mix(&mut self, word: u64) {
        self.first = (self.first ^ word)
            .wrapping_mul(0xff51_afd7_ed55_8ccd)
            .rotate_left(29);
        self.second = (self.second.rotate_left(23) ^ word).wrapping_mul(0x9fb2_1c65_1e98_df25);
    }
}

fn finish(mut hash: u64) -> u64 {
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

impl Hasher for Lanes {
    fn finish(&self) -> u64 {
        finish(self.first)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.mix(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        self.mix(value);
    }

    fn write_usize(&mut self, value: usize) {
        self.mix(value as u64);
    }

    fn write_isize(&mut self, value: isize) {
        self.mix(value.cast_unsigned() as u64);
    }
}

/// Numbers fingerprints in the order in which they come.
pub struct Index {
    fingerprints: Vec<u128>,
    slots: Vec<u32>,
}

const FREE: u32 = u32::MAX;

impl Default for Index {
    fn default() -> Self {
        Self {
            fingerprints: Vec::new(),
            slots: vec![FREE; 1 << 12],
        }
    }
}

impl Index {
    /// The number of a fingerprint, and whether it is new.
    pub fn insert(&mut self, fingerprint: u128) -> (u32, bool) {
        if self.fingerprints.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let slot = self.slot(fingerprint);
        if self.slots[slot] != FREE {
            return (self.slots[slot], false);
        }
        let number = u32::try_from(self.fingerprints.len()).unwrap_or(FREE);
        assert!(number != FREE, "too many states");
        self.slots[slot] = number;
        self.fingerprints.push(fingerprint);
        (number, true)
    }

    /// The number of a fingerprint.
    pub fn find(&self, fingerprint: u128) -> Option<u32> {
        let number = self.slots[self.slot(fingerprint)];
        (number != FREE).then_some(number)
    }

    /// Where a fingerprint is, or would be.
    fn slot(&self, fingerprint: u128) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = fingerprint as usize & mask;
        while self.slots[slot] != FREE
            && self.fingerprints[self.slots[slot] as usize] != fingerprint
        {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        self.slots = vec![FREE; self.slots.len() * 2];
        for number in 0..self.fingerprints.len() {
            let slot = self.slot(self.fingerprints[number]);
            self.slots[slot] = u32::try_from(number).unwrap_or(FREE);
        }
    }
}
