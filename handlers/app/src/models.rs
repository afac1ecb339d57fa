//! The chat models that this deployment has, and who is offered which.

mod offers;

use std::sync::Arc;

use azimuth_domain::model_offer::ModelOffer;
use azimuth_ports::model::ChatModel;

pub use offers::{ModelOffers, ModelRefused, Offered};

/// Models by name, one of them the default.
#[derive(Clone)]
pub struct Models {
    models: Vec<Arc<dyn ChatModel>>,
    default: usize,
}

/// The configured default is none of the models.
#[derive(Debug, thiserror::Error)]
#[error("there is no model named {0}")]
pub struct UnknownModel(pub String);

impl Models {
    /// The models in the order of pickers. `default` names one of them; `None`
    /// takes the last, which is the one that was configured most deliberately.
    pub fn new(
        models: Vec<Arc<dyn ChatModel>>,
        default: Option<&str>,
    ) -> Result<Self, UnknownModel> {
        let default = match default {
            None => models
                .len()
                .checked_sub(1)
                .ok_or_else(|| UnknownModel("(none configured)".to_owned()))?,
            Some(name) => models
                .iter()
                .position(|m| m.name() == name)
                .ok_or_else(|| UnknownModel(name.to_owned()))?,
        };
        Ok(Self { models, default })
    }

    /// The model of that name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn ChatModel>> {
        self.models.iter().find(|m| m.name() == name)
    }

    /// The model that answers when nobody chose, neither person nor tenant.
    pub fn default_model(&self) -> &Arc<dyn ChatModel> {
        &self.models[self.default]
    }

    /// The model that answers in a tenant that settled `offer`; a default that the
    /// deployment no longer has is the deployment's own.
    pub fn default_in(&self, offer: &ModelOffer) -> &Arc<dyn ChatModel> {
        let chosen = offer.default.as_deref().and_then(|name| self.get(name));
        chosen.unwrap_or_else(|| self.default_model())
    }

    /// All of them.
    pub fn all(&self) -> &[Arc<dyn ChatModel>] {
        &self.models
    }
}
