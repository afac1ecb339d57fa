//! CVE-2017-15361 (ROCA): moduli made by a faulty Infineon library can be
//! factored. They are recognised by their residues: modulo each of these primes
//! they lie in the subgroup that 65537 generates (Nemec et al., CCS 2017, §3.4).
//! A sound modulus passes for one with a chance below 2⁻²⁷.

/// The primes of the authors' detector.
const PRIMES: [u32; 17] = [
    11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157,
];

/// Whether the modulus (big-endian) bears the fingerprint.
pub(super) fn has_fingerprint(modulus: &[u8]) -> bool {
    PRIMES
        .iter()
        .all(|prime| generated_by_65537(residue(modulus, *prime), *prime))
}

fn residue(modulus: &[u8], prime: u32) -> u32 {
    modulus
        .iter()
        .fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime)
}

fn generated_by_65537(value: u32, prime: u32) -> bool {
    let generator = 65537 % prime;
    let mut power = 1;
    loop {
        if power == value {
            return true;
        }
        power = power * generator % prime;
        if power == 1 {
            return false;
        }
    }
}
