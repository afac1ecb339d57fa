//! The models of a tenant: which are offered to whom, and which answers when nobody chose.

pub mod get_models;
pub mod put_models;

use azimuth_domain::model_offer::ModelOffer;
use serde::Serialize;
use utoipa::ToSchema;

use super::stored_setting::{Stored, StoredBy};
use crate::http::models::PriceView;
use crate::http::states::ModelState;

/// Which models a tenant offers to whom.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelOfferView {
    /// The model that was chosen to answer when nobody chose; null takes the deployment's.
    pub default: Option<String>,
    /// The deployment's.
    pub default_of_deployment: String,
    /// The models of the deployment in the order of pickers, then those that are only
    /// named in what was stored.
    pub items: Vec<OfferedModelView>,
    /// Who stored it, when and why; null when nobody ever did.
    pub stored: Option<StoredBy>,
}

/// A model, and who is offered it.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferedModelView {
    /// Its name.
    pub name: String,
    /// What it is, in one sentence; null where the deployment has it no more.
    pub description: Option<String>,
    /// Whether it answers when nobody chose.
    pub default: bool,
    /// The roles of which one is needed, by their names: with none, nobody is offered it;
    /// null: everybody is.
    pub only_for: Option<Vec<String>>,
    /// What its tokens cost; null where nobody said.
    pub price: Option<PriceView>,
}

impl ModelOfferView {
    fn of(state: &ModelState, stored: &Stored<ModelOffer>) -> Self {
        let models = state.models.models();
        let offer = &stored.item;
        let default = models.default_in(offer).name();
        let view = |name: &str, description: Option<&str>| OfferedModelView {
            name: name.to_owned(),
            description: description.map(str::to_owned),
            default: name == default,
            only_for: offer.only_for.get(name).map(|roles| {
                let names = roles.iter().map(|role| role.as_str().to_owned());
                names.collect()
            }),
            price: state.quotas.price(name).map(PriceView::from),
        };
        let there = models
            .all()
            .iter()
            .map(|model| view(model.name(), Some(model.description())));
        let gone = offer.only_for.keys();
        let gone = gone.filter(|name| models.get(name).is_none());
        Self {
            default: offer.default.clone(),
            default_of_deployment: models.default_model().name().to_owned(),
            items: there.chain(gone.map(|name| view(name, None))).collect(),
            stored: stored.head.as_ref().map(StoredBy::from),
        }
    }
}
