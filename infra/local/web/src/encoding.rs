//! Which encoding a client takes, and the two that are made here.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Texts below this stay as they are, bytes.
pub const LEAST: usize = 256;

/// Of 0–11. The highest ones take seconds for a few per cent.
const BROTLI_QUALITY: u32 = 9;
/// log2 of the window, bytes.
const BROTLI_WINDOW: u32 = 22;
const BROTLI_BUFFER: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Brotli,
    Gzip,
}

impl Encoding {
    /// As `Content-Encoding` names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// The best that an `Accept-Encoding` value takes; `None` for the plain file.
    pub fn accepted(value: &str) -> Option<Self> {
        let (brotli, gzip) = (weight(value, "br"), weight(value, "gzip"));
        if brotli.max(gzip) <= 0.0 {
            None
        } else if brotli >= gzip {
            Some(Self::Brotli)
        } else {
            Some(Self::Gzip)
        }
    }

    pub fn compress(self, plain: &[u8]) -> io::Result<Bytes> {
        match self {
            Self::Brotli => {
                let mut writer = brotli::CompressorWriter::new(
                    Vec::new(),
                    BROTLI_BUFFER,
                    BROTLI_QUALITY,
                    BROTLI_WINDOW,
                );
                writer.write_all(plain)?;
                Ok(writer.into_inner().into())
            }
            Self::Gzip => {
                let mut writer = GzEncoder::new(Vec::new(), Compression::best());
                writer.write_all(plain)?;
                Ok(writer.finish()?.into())
            }
        }
    }
}

/// How much an `Accept-Encoding` value wants a coding, from 0 to 1. A weight that
/// is no number counts as 0.
fn weight(value: &str, name: &str) -> f32 {
    let mut of_any = 0.0;
    for part in value.split(',') {
        let mut fields = part.split(';').map(str::trim);
        let coding = fields.next().unwrap_or_default();
        let weight = fields
            .find_map(|field| field.strip_prefix("q="))
            .map_or(1.0, |text| text.parse().unwrap_or(0.0));
        if coding.eq_ignore_ascii_case(name) {
            return weight;
        }
        if coding == "*" {
            of_any = weight;
        }
    }
    of_any
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::io::Read;

    use super::*;

    #[test]
    fn the_client_s_weights_decide_and_brotli_wins_a_tie() {
        for (value, expected) in [
            ("gzip, deflate, br, zstd", Some(Encoding::Brotli)),
            ("br;q=0.5, gzip;q=0.8", Some(Encoding::Gzip)),
            ("br;q=0, gzip", Some(Encoding::Gzip)),
            ("BR; q=1.0", Some(Encoding::Brotli)),
            ("*", Some(Encoding::Brotli)),
            ("*;q=0.1, br;q=0", Some(Encoding::Gzip)),
            ("gzip;q=0.001", Some(Encoding::Gzip)),
            ("gzip;q=nonsense", None),
            ("identity", None),
            ("*;q=0", None),
            ("brr", None),
            ("", None),
        ] {
            assert_eq!(Encoding::accepted(value), expected, "{value}");
        }
    }

    #[test]
    fn what_is_compressed_comes_out_again() {
        let plain = "안녕하세요, hello. ".repeat(500).into_bytes();
        let mut text = Vec::new();
        let packed = Encoding::Gzip.compress(&plain).unwrap();
        flate2::read::GzDecoder::new(packed.as_ref())
            .read_to_end(&mut text)
            .unwrap();
        assert_eq!(text, plain);
        text.clear();
        let packed = Encoding::Brotli.compress(&plain).unwrap();
        brotli::Decompressor::new(packed.as_ref(), 4096)
            .read_to_end(&mut text)
            .unwrap();
        assert_eq!(text, plain);
    }
}
