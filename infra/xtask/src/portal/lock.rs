use std::fs::{self, File, TryLockError};
use std::time::Duration;

use crate::failure::Failure;
use crate::repository::Repository;
use crate::session::Session;

const LOOK_EVERY: Duration = Duration::from_millis(200);

/// One at a time installs and builds in the folders of a checkout. Ends with this
/// value, or with the process.
#[derive(Debug)]
pub struct FolderLock(#[expect(dead_code, reason = "the open file is the lock")] File);

impl FolderLock {
    /// Waits as long as it takes; says so.
    pub async fn take(
        session: &mut Session,
        stage: &str,
        repository: &Repository,
    ) -> Result<Self, Failure> {
        let cache = repository.cache();
        fs::create_dir_all(&cache).map_err(Failure::file("create", &cache))?;
        let path = cache.join("portal.lock");
        let file = File::create(&path).map_err(Failure::file("create", &path))?;
        let mut is_told = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::Error(error)) => return Err(Failure::file("lock", &path)(error)),
                Err(TryLockError::WouldBlock) => {}
            }
            if !is_told {
                session.say(stage, "waiting for another build in this checkout");
                is_told = true;
            }
            tokio::select! {
                () = session.interrupted() => return Err(Failure::Interrupted),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }
}
