//! Where a program that is one file unpacks itself (.NET): once, and shared by all
//! processes of the server, which afterwards only read there. What one could write,
//! another person's process would run.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The variable that names the folder.
pub(crate) const VARIABLE: &str = "DOTNET_BUNDLE_EXTRACT_BASE_DIR";

/// The folder of one program.
#[derive(Debug)]
pub(crate) struct Bundle {
    pub(crate) folder: PathBuf,
    /// There when a process of this very program has started from this folder.
    mark: PathBuf,
}

impl Bundle {
    /// The folder that `environment` names, made if need be; `None` when it names none.
    pub(crate) fn of(
        program: &Path,
        environment: &BTreeMap<String, String>,
    ) -> io::Result<Option<Self>> {
        let Some(folder) = environment.get(VARIABLE).map(PathBuf::from) else {
            return Ok(None);
        };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)?;
        let version = program.metadata().map(|meta| {
            format!(
                "{:x}-{:x}-{:x}",
                meta.size(),
                meta.mtime(),
                meta.mtime_nsec()
            )
        });
        let name = format!(".unpacked-{}", version.unwrap_or_default());
        Ok(Some(Self {
            mark: folder.join(name),
            folder,
        }))
    }

    /// Whether everything is there, so that nobody has to write any more.
    pub(crate) fn is_unpacked(&self) -> bool {
        self.mark.exists()
    }

    /// A process has started from it.
    pub(crate) fn set_unpacked(&self) {
        if let Err(error) = fs::write(&self.mark, "") {
            tracing::warn!(%error, "where a tool server unpacked itself stays writable");
        }
    }
}
