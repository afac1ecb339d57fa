//! Small changes of bytes, drawn from a number.

/// Longest input that is made, bytes.
const MAX_BYTES: usize = 8 * 1024;

/// Changes of one input at most.
const MAX_CHANGES: usize = 6;

/// Longest piece that is taken out, doubled or taken from elsewhere.
const MAX_PIECE: usize = 64;

/// Bytes and words at which readers decide.
const WORDS: [&[u8]; 24] = [
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"\n",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"{",
    b"}",
    b"[[[[[[[[",
    b"]",
    b",",
    b":",
    b".",
    b"-1",
    b"1e400",
    b"18446744073709551616",
    b"null",
    b"true",
    b"%00",
    "\u{202e}".as_bytes(),
    "가".as_bytes(),
];

/// Xorshift: the same numbers everywhere.
pub struct Draw(u64);

impl Draw {
    pub fn of(seed: u64) -> Self {
        let mut draw = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..4 {
            draw.next();
        }
        draw
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Below `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[3]
    }

    /// A piece of `bytes`: where it begins and ends.
    fn piece(&mut self, bytes: &[u8]) -> (usize, usize) {
        let start = self.below(bytes.len() + 1);
        let length = self.below(MAX_PIECE) + 1;
        (start, bytes.len().min(start + length))
    }
}

/// One of the seeds, changed in a few places.
pub fn mutated(draw: &mut Draw, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[draw.below(seeds.len())].clone();
    for _ in 0..=draw.below(MAX_CHANGES) {
        change(draw, &mut bytes, seeds);
    }
    bytes.truncate(MAX_BYTES);
    bytes
}

fn change(draw: &mut Draw, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let (start, end) = draw.piece(bytes);
    match draw.below(8) {
        0 if start < bytes.len() => bytes[start] ^= 1 << draw.below(8),
        1 if start < bytes.len() => bytes[start] = draw.byte(),
        2 => bytes.insert(start, draw.byte()),
        3 => drop(bytes.drain(start..end)),
        4 => {
            let piece = bytes[start..end].to_vec();
            let place = draw.below(bytes.len() + 1);
            bytes.splice(place..place, piece);
        }
        5 => {
            let other = &seeds[draw.below(seeds.len())];
            let (from, to) = draw.piece(other);
            bytes.splice(start..end, other[from..to].iter().copied());
        }
        6 => {
            let word = WORDS[draw.below(WORDS.len())];
            bytes.splice(start..start, word.iter().copied());
        }
        _ => bytes.truncate(end),
    }
}
