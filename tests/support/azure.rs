//! What people see in Azure, as a test wants it.

use std::collections::HashMap;
use std::sync::Mutex;

use azimuth_domain::principal::UserKey;
use azimuth_ports::azure::{AzureDirectory, Subscription, TagPlace, TaggedPlace};
use azimuth_ports::tokens::TokenError;

/// The one subscription that everybody sees, `Contoso-Dev`.
pub const CONTOSO_DEV: &str = "00000000-0000-4000-8000-0000000000b2";

/// A directory that tells each person what a test says.
#[derive(Default)]
pub struct AzureDouble {
    tagged: Mutex<HashMap<UserKey, TaggedPlace>>,
    asked: Mutex<Vec<(UserKey, TagPlace)>>,
}

impl AzureDouble {
    /// From now on `user` sees this wherever tags are read; before, Azure refuses.
    pub fn tag(&self, user: &UserKey, tagged: TaggedPlace) {
        self.tagged.lock().unwrap().insert(user.clone(), tagged);
    }

    /// Whose eyes tags were read with, and where, in order.
    pub fn tags_asked(&self) -> Vec<(UserKey, TagPlace)> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait::async_trait]
impl AzureDirectory for AzureDouble {
    async fn subscriptions(
        &self,
        _user: &UserKey,
        _correlation_id: &str,
    ) -> Result<Vec<Subscription>, TokenError> {
        Ok(vec![Subscription {
            id: CONTOSO_DEV.to_owned(),
            name: "Contoso-Dev".to_owned(),
        }])
    }

    async fn tags(
        &self,
        user: &UserKey,
        place: &TagPlace,
        _correlation_id: &str,
    ) -> Result<TaggedPlace, TokenError> {
        self.asked
            .lock()
            .unwrap()
            .push((user.clone(), place.clone()));
        let tagged = self.tagged.lock().unwrap().get(user).cloned();
        tagged.ok_or_else(|| TokenError::Unavailable("nothing to be seen".to_owned()))
    }
}
