//! P8: event streams held open at once.

use clap::Args;

use crate::failure::Done;

/// A client process that holds streams.
#[derive(Debug, Args)]
pub struct Hold {}

pub async fn hold(_hold: Hold) -> Done {
    Ok(())
}
