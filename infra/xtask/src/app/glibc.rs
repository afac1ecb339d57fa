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

/// Refuses the program `file` when it does not start on [`OLDEST`]; gives the newest
/// version that it asks for, `None` when it asks for none, as a static one does.
pub fn check(file: &Path) -> Result<Option<Version>, Failure> {
    let bytes = std::fs::read(file).map_err(Failure::file("read", file))?;
    let newest = newest(&bytes).map_err(|error| {
        Failure::refused(
            format!(
                "{} is no program for Linux on 64 bits: {error}",
                file.display()
            ),
            "Build it for x86_64 or aarch64.",
        )
    })?;
    match newest {
        Some(newest) if newest > OLDEST => Err(Failure::refused(
            format!(
                "{} asks for glibc {newest}; it would not start on an image with {OLDEST}",
                file.display()
            ),
            "It must be linked against the older one, as infra/xtask/src/app/zig.rs does.",
        )),
        newest => Ok(newest),
    }
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
    Some(Version(
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    /// This program, but whatever it asks of glibc beyond 2.9 has this version.
    fn program_asking_for(version: &str) -> Vec<u8> {
        let mut bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let asked = format!("GLIBC_{version}\0");
        let name = asked.as_bytes();
        let mut has_changed = false;
        for at in 0..bytes.len() - name.len() {
            let is_version = bytes[at..].starts_with(b"GLIBC_2.")
                && bytes[at + 8].is_ascii_digit()
                && bytes[at + 9].is_ascii_digit()
                && bytes[at + 10] == 0;
            if is_version {
                bytes[at..at + name.len()].copy_from_slice(name);
                has_changed = true;
            }
        }
        assert!(has_changed, "this test is linked with glibc");
        bytes
    }

    #[test]
    fn a_program_may_ask_for_the_oldest_glibc_and_for_no_newer_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("program");
        let judge = |version: &str| {
            std::fs::write(&file, program_asking_for(version)).unwrap();
            check(&file).map_err(|failure| failure.to_string())
        };
        assert_eq!(judge("2.30"), Ok(Some(Version(2, 30))));
        assert_eq!(judge("2.31"), Ok(Some(OLDEST)));
        let refusal = judge("2.32").unwrap_err();
        assert!(refusal.contains("asks for glibc 2.32"), "{refusal}");
    }

    #[test]
    fn versions_are_numbers_and_not_text() {
        let read = |text: &str| read_version(text.as_bytes());
        assert_eq!(read("GLIBC_2.31"), Some(OLDEST));
        assert_eq!(read("GLIBC_2.2.5"), Some(Version(2, 2)));
        for other in ["GLIBC_PRIVATE", "GCC_3.0", "GLIBC_2", "2.31", ""] {
            assert_eq!(read(other), None, "{other}");
        }
        assert!(read("GLIBC_2.4") < read("GLIBC_2.30"));
    }

    #[test]
    fn what_is_no_program_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let program = program_asking_for("2.31");
        let file = folder.path().join("program");
        for bytes in [
            &b""[..],
            b"#!/bin/sh\n",
            b"\x7fELF\x02\x01\x01",
            &program[..100],
            &program[..program.len() / 2],
        ] {
            std::fs::write(&file, bytes).unwrap();
            assert!(check(&file).is_err(), "{} bytes", bytes.len());
        }
    }
}
