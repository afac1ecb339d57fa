//! `GET /v1/models`: the models that the caller is offered.

use axum::Json;
use axum::extract::State;
use azimuth_domain::principal::Principal;
use azimuth_domain::usage::Price;
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use super::states::PickerState;
use crate::problem::Answer;

/// Models.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelList {
    /// In the order of pickers.
    pub items: Vec<ModelView>,
}

/// One model.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelView {
    /// Name, as settings and turns take it.
    pub name: String,
    /// What it is, in one sentence.
    pub description: String,
    /// Whether it answers when nobody chose.
    pub default: bool,
    /// What its tokens cost; null where nobody said.
    pub price: Option<PriceView>,
}

/// What a million tokens of a model cost, in millionths of the deployment's currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct PriceView {
    /// Of those that it reads.
    pub input_micros: u64,
    /// Of those that it writes.
    pub output_micros: u64,
}

impl From<Price> for PriceView {
    fn from(price: Price) -> Self {
        Self {
            input_micros: price.input_micros,
            output_micros: price.output_micros,
        }
    }
}

/// The models that the caller is offered.
#[utoipa::path(
    get,
    path = "/v1/models",
    operation_id = "list_models",
    tag = "pickers",
    responses((status = 200, body = ModelList))
)]
pub async fn handle(State(state): State<PickerState>, caller: Caller) -> Answer<Json<ModelList>> {
    let Principal { user, roles, .. } = &caller.principal;
    let offered = state.models.of(user, roles).await?;
    let default = offered.default_model().map(|model| model.name()).ok();
    let quotas = state.engine.quotas();
    let items = offered
        .all()
        .map(|model| ModelView {
            name: model.name().to_owned(),
            description: model.description().to_owned(),
            default: default == Some(model.name()),
            price: quotas.price(model.name()).map(PriceView::from),
        })
        .collect();
    Ok(Json(ModelList { items }))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use async_trait::async_trait;
    use azimuth_ports::model::{ChatModel, ModelError, ModelRequest, ModelStream};

    struct Named(&'static str);

    #[async_trait]
    impl ChatModel for Named {
        fn name(&self) -> &str {
            self.0
        }
        fn description(&self) -> &'static str {
            "A model that never answers."
        }
        async fn stream(&self, _: ModelRequest) -> Result<ModelStream, ModelError> {
            Err(ModelError::Unauthorized)
        }
        async fn health(&self) -> Result<(), ModelError> {
            Ok(())
        }
    }

    /// A model of that name.
    pub(crate) fn model(name: &'static str) -> Arc<dyn ChatModel> {
        Arc::new(Named(name))
    }
}
