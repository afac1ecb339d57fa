//! How that is tagged on which calls work, before anybody decides about them.
//!
//! **Invariant:** only the asker's own identity tells. Where Azure or the audit refuses,
//! nothing is known, and policies take the safe side of it.

use std::collections::BTreeSet;
use std::time::Duration;

use azimuth_domain::principal::UserKey;
use azimuth_domain::tool::ToolSpec;
use azimuth_domain::turn::Turn;
use azimuth_ports::azure::{Subscription, TagPlace};
use azimuth_ports::model::ModelCall;
use futures::future::join_all;
use serde_json::Value;
use tokio::time::timeout;

use super::decide::Standing;
use super::scope::settled;
use crate::azure_reads::Failure;
use crate::policy::place_of_call;
use crate::turn::{Engine, wire_name};

/// How long tags are waited for.
const PATIENCE: Duration = Duration::from_secs(5);

impl Engine {
    /// Reads what policies have to know of the tags for the calls of a model's answer.
    pub(crate) async fn read_tags_of_calls(
        &self,
        turn: &Turn,
        standing: &mut Standing,
        calls: &[ModelCall],
        known: &[Subscription],
    ) {
        if !standing.policies.asks_for_tags() {
            return;
        }
        let default = turn.default_subscription.as_deref();
        let place = |call: &ModelCall| {
            let mut tools = standing.catalogue.tools.iter();
            let spec = tools.find(|spec| wire_name(&spec.tool) == call.name)?;
            let arguments = serde_json::from_str(&call.arguments).ok()?;
            place_of_call(spec, &settled(spec, arguments, default, known))
        };
        let places: BTreeSet<TagPlace> = calls.iter().filter_map(place).collect();
        self.read_places(&turn.asker.user, standing, turn.id.as_str(), places)
            .await;
    }

    /// The same for one call.
    pub(crate) async fn read_tags(
        &self,
        user: &UserKey,
        standing: &mut Standing,
        correlation_id: &str,
        (spec, arguments): (&ToolSpec, &Value),
    ) {
        if !standing.policies.asks_for_tags() {
            return;
        }
        let places = place_of_call(spec, arguments).into_iter().collect();
        self.read_places(user, standing, correlation_id, places)
            .await;
    }

    async fn read_places(
        &self,
        user: &UserKey,
        standing: &mut Standing,
        correlation_id: &str,
        places: BTreeSet<TagPlace>,
    ) {
        let read = places.into_iter().map(|place| async move {
            let tags = self.azure().tags(user, &place, correlation_id);
            let why = match timeout(PATIENCE, tags).await {
                Ok(Ok(tagged)) => return Some((place, tagged)),
                Ok(Err(Failure::Token(error))) => error.to_string(),
                Ok(Err(Failure::Other(problem))) => format!("{:?}", problem.code()),
                Err(_) => "it takes too long".to_owned(),
            };
            tracing::warn!(correlation_id, why, "tags are not known");
            None
        });
        standing
            .tags
            .extend(join_all(read).await.into_iter().flatten());
    }
}
