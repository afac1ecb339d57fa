//! What runs beside requests and deliveries, in every long-lived form.

use std::sync::Arc;
use std::time::Duration;

use azimuth_app::digests::DigestWriter;
use azimuth_app::notices::ApprovalNotices;
use azimuth_azure::keyvault::VaultSealer;

/// How often the data keys of other processes are looked for. A new one seals only when
/// everybody has had three looks.
const LEARN_EVERY: Duration = Duration::from_mins(5);

/// Work that never ends by itself.
pub struct Background {
    /// Seals the audit soon after each record; `None` where only the timer does.
    pub digest_writer: Option<Arc<DigestWriter>>,
    /// Tells channels that approvals wait.
    pub notices: Option<Arc<ApprovalNotices>>,
    /// Hears of data keys that others make.
    pub sealer: Option<Arc<VaultSealer>>,
}

impl Background {
    /// Never returns.
    pub async fn run(&self) {
        let sealing = async {
            match &self.digest_writer {
                Some(writer) => writer.run().await,
                None => std::future::pending().await,
            }
        };
        let telling = async {
            match &self.notices {
                Some(notices) => notices.run().await,
                None => std::future::pending().await,
            }
        };
        let learning = async {
            match &self.sealer {
                Some(sealer) => learn(sealer).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = sealing => {}
            () = telling => {}
            () = learning => {}
        }
    }

    /// Does what must not be left undone, at an orderly end.
    pub async fn finish(&self) {
        if let Some(writer) = &self.digest_writer {
            writer.finish().await;
        }
    }
}

async fn learn(sealer: &VaultSealer) {
    loop {
        tokio::time::sleep(LEARN_EVERY).await;
        if let Err(error) = sealer.learn().await {
            tracing::warn!(%error, "new data keys cannot be looked for now");
        }
    }
}
