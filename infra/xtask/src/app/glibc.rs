//! The oldest C library on which a program starts: it asks for symbols by version, and
//! does not start where one is missing.

use std::fmt;
use std::path::Path;

use object::elf::FileHeader64;
use object::read::elf::{FileHeader as _, VerneedIterator};
use object::{Endianness, read};

use crate::failure::Failure;

/// A version of glibc: `2.31` is `Version(2, 31)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u32, u32);

/// The oldest that an image of the Functions host has.
pub const OLDEST: Version = Version(2, 31);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// The newest version that the program `file` asks for; `None` when it asks for none,
/// as a static one does.
pub fn asked_for(file: &Path) -> Result<Option<Version>, Failure> {
    let bytes = std::fs::read(file).map_err(Failure::file("read", file))?;
    newest(&bytes).map_err(|error| {
        Failure::refused(
            format!("{} is no program for Linux on 64 bits: {error}", file.display()),
            "Build it for x86_64 or aarch64.",
        )
    })
}

fn newest(bytes: &[u8]) -> read::Result<Option<Version>> {
    let header = FileHeader64::<Endianness>::parse(bytes)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, bytes)?;
    let Some((needs, names)) = sections.gnu_verneed(endian, bytes)? else {
        return Ok(None);
    };
    let names = sections.strings(endian, bytes, names)?;
    let mut needs: VerneedIterator<'_, FileHeader64<Endianness>> = needs;
    let mut newest = None;
    while let Some((_, mut versions)) = needs.next()? {
        while let Some(version) = versions.next()? {
            newest = newest.max(read_version(version.name(endian, names)?));
        }
    }
    Ok(newest)
}

/// `GLIBC_2.31`, with or without a patch level; other libraries have other names.
fn read_version(name: &[u8]) -> Option<Version> {
    let text = std::str::from_utf8(name).ok()?.strip_prefix("GLIBC_")?;
    let mut parts = text.split('.');
    Some(Version(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn versions_are_numbers_and_not_text() {
        let read = |text: &str| read_version(text.as_bytes());
        assert_eq!(read("GLIBC_2.31"), Some(OLDEST));
        assert_eq!(read("GLIBC_2.2.5"), Some(Version(2, 2)));
        for other in ["GLIBC_PRIVATE", "GCC_3.0", "GLIBC_2", "2.31", ""] {
            assert_eq!(read(other), None, "{other}");
        }
        assert!(read("GLIBC_2.4") < read("GLIBC_2.30"));
        assert!(read("GLIBC_2.30") < Some(OLDEST));
        assert!(read("GLIBC_2.32") > Some(OLDEST));
    }

    #[test]
    fn this_program_asks_for_what_it_was_linked_with() {
        let newest = asked_for(&std::env::current_exe().unwrap()).unwrap();
        assert!(newest > Some(Version(2, 0)), "{newest:?}");
    }

    #[test]
    fn what_is_no_program_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for bytes in [&b""[..], b"#!/bin/sh\n", b"\x7fELF\x02\x01\x01"] {
            let file = folder.path().join("program");
            std::fs::write(&file, bytes).unwrap();
            assert!(asked_for(&file).is_err(), "{bytes:?}");
        }
    }
}
