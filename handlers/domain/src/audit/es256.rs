//! Signatures of ES256 (RFC 7518, 3.4): r and s, 32 bytes each.
//!
//! Where (r, s) holds, (r, n − s) does too. We write and take the lower one only, so
//! that a signature cannot be spelt otherwise.

/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;
const HALF: usize = SIGNATURE_BYTES / 2;

/// The order of P-256 (SEC 2, 2.4.2).
const ORDER: [u8; HALF] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// Whether `s` is the lower of the two; a text of another length is none.
pub fn is_low(signature: &[u8]) -> bool {
    let Some(s) = signature
        .get(HALF..)
        .and_then(|s| <[u8; HALF]>::try_from(s).ok())
    else {
        return false;
    };
    s <= order_minus(&s)
}

/// The same signature with the lower `s`.
pub fn lower(mut signature: [u8; SIGNATURE_BYTES]) -> [u8; SIGNATURE_BYTES] {
    let mut s = [0; HALF];
    s.copy_from_slice(&signature[HALF..]);
    let other = order_minus(&s);
    if other < s {
        signature[HALF..].copy_from_slice(&other);
    }
    signature
}

/// The order minus `s`, which is below it.
fn order_minus(s: &[u8; HALF]) -> [u8; HALF] {
    let mut difference = [0; HALF];
    let mut borrow = false;
    for at in (0..HALF).rev() {
        let (once, under) = ORDER[at].overflowing_sub(s[at]);
        let (twice, further) = once.overflowing_sub(u8::from(borrow));
        difference[at] = twice;
        borrow = under || further;
    }
    difference
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(s: [u8; HALF]) -> [u8; SIGNATURE_BYTES] {
        let mut signature = [7; SIGNATURE_BYTES];
        signature[HALF..].copy_from_slice(&s);
        signature
    }

    fn one() -> [u8; HALF] {
        let mut one = [0; HALF];
        one[HALF - 1] = 1;
        one
    }

    #[test]
    fn of_two_spellings_the_lower_is_taken() {
        // Half of the order, rounded down, and the next.
        let mut half = ORDER;
        let mut carry = 0;
        for byte in &mut half {
            let next = *byte & 1;
            *byte = (*byte >> 1) | (carry << 7);
            carry = next;
        }
        let mut above = half;
        above[HALF - 1] += 1;
        for (s, low) in [
            (one(), true),
            (half, true),
            (above, false),
            (order_minus(&one()), false),
        ] {
            assert_eq!(is_low(&with(s)), low, "{s:02x?}");
            let lowered = lower(with(s));
            assert!(is_low(&lowered));
            assert_eq!(lowered == with(s), low);
            assert_eq!(lower(lowered), lowered);
        }
        assert_eq!(lower(with(order_minus(&one()))), with(one()));
        assert_eq!(lower(with(above)), with(half));
    }

    #[test]
    fn another_length_is_no_signature() {
        for length in [0, 32, 63, 65] {
            assert!(!is_low(&vec![0; length]), "{length}");
        }
    }
}
