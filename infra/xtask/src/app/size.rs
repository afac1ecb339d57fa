//! How large the package is, and what of it.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;

use zip::ZipArchive;

use super::{HANDLER, tool_server};

/// Bytes as they are unpacked, and as they lie in the zip.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Size {
    unpacked: u64,
    packed: u64,
}

/// The sizes of a zip's parts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    handler: Size,
    server: Size,
    others: Size,
    /// Of the file, its table included.
    zip: u64,
}

impl Sizes {
    /// Reads them from a zip's table.
    pub fn of(zip: &Path) -> io::Result<Self> {
        let mut sizes = Self {
            zip: zip.metadata()?.len(),
            ..Self::default()
        };
        let mut archive = ZipArchive::new(File::open(zip)?)?;
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index)?;
            let name = entry.name()?;
            let part = if name == HANDLER {
                &mut sizes.handler
            } else if Path::new(&*name).starts_with(tool_server::FOLDER) {
                &mut sizes.server
            } else {
                &mut sizes.others
            };
            part.unpacked += entry.size();
            part.packed += entry.compressed_size();
        }
        Ok(sizes)
    }
}

/// A table of four rows, in MB of 10⁶ bytes.
impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            handler,
            server,
            others,
            zip,
        } = self;
        let together = Size {
            unpacked: handler.unpacked + server.unpacked + others.unpacked,
            packed: *zip,
        };
        writeln!(f, "{:<18}{:>12}{:>12}", "", "unpacked", "in the zip")?;
        for (name, size) in [
            ("handler", handler),
            ("Azure MCP Server", server),
            ("everything else", others),
        ] {
            writeln!(f, "{name:<18}{size}")?;
        }
        write!(f, "{:<18}{together}", "together")
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>12}{:>12}", mb(self.unpacked), mb(self.packed))
    }
}

/// `1.5 MB`; whole numbers throughout, as bytes are.
fn mb(bytes: u64) -> String {
    let tenths = (bytes + 50_000) / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::fs;

    use super::*;
    use crate::app::archive::{Effort, pack};

    #[test]
    fn each_part_has_its_row() {
        let folder = tempfile::tempdir().unwrap();
        let app = folder.path().join("app");
        fs::create_dir_all(app.join("azmcp")).unwrap();
        for (name, bytes) in [
            ("handler", 1_000_000),
            ("azmcp/azmcp", 2_000_000),
            ("azmcp/more", 50_000),
            ("mcp.json", 1),
        ] {
            fs::write(app.join(name), vec![0; bytes]).unwrap();
        }
        let zip = folder.path().join("app.zip");
        pack(&app, &zip, Effort::Small).unwrap();

        let sizes = Sizes::of(&zip).unwrap();

        assert_eq!(sizes.handler.unpacked, 1_000_000);
        assert_eq!(sizes.server.unpacked, 2_050_000);
        assert_eq!(sizes.others.unpacked, 1);
        assert!(sizes.handler.packed < 10_000);
        let told = sizes.to_string();
        let rows: Vec<&str> = told.lines().collect();
        assert_eq!(rows.len(), 5);
        assert!(
            rows[2].starts_with("Azure MCP Server        2.1 MB"),
            "{told}"
        );
        assert!(
            rows[4].starts_with("together                3.1 MB"),
            "{told}"
        );
    }

    #[test]
    fn a_megabyte_is_a_million_bytes() {
        for (bytes, told) in [
            (0, "0.0 MB"),
            (49_999, "0.0 MB"),
            (50_000, "0.1 MB"),
            (12_340_000, "12.3 MB"),
        ] {
            assert_eq!(mb(bytes), told);
        }
    }
}
