//! Who is offered which models.

use std::collections::BTreeSet;
use std::sync::Arc;

use azimuth_domain::model_offer::ModelOffer;
use azimuth_domain::principal::{Role, UserKey};
use azimuth_ports::clock::Clock;
use azimuth_ports::config::{ConfigKind, ConfigStore};
use azimuth_ports::model::ChatModel;

use super::Models;
use crate::tenant_documents::{DocumentUnavailable, TenantDocuments};

/// How long what a tenant offers is not read again.
const FRESH_MS: i64 = 30_000;

/// The models, and what every tenant has settled about them.
pub struct ModelOffers {
    models: Models,
    documents: TenantDocuments<ModelOffer>,
}

/// A model that somebody cannot have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelRefused {
    /// The deployment has none of that name.
    #[error("there is no model named {0}")]
    Unknown(String),
    /// Their tenant does not offer it to them; without a name, it offers them none.
    #[error("the tenant does not offer this model to this person")]
    NotOffered,
}

impl ModelOffers {
    /// Offers that are stored in `store`.
    pub fn new(models: Models, store: Arc<dyn ConfigStore>, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            models,
            documents: TenantDocuments::of_json(ConfigKind::Models, FRESH_MS, store, clock),
        })
    }

    /// What the deployment has.
    pub fn models(&self) -> &Models {
        &self.models
    }

    /// What tenants have settled.
    pub fn documents(&self) -> &TenantDocuments<ModelOffer> {
        &self.documents
    }

    /// What somebody with these roles is offered.
    pub async fn of(
        &self,
        user: &UserKey,
        roles: &BTreeSet<Role>,
    ) -> Result<Offered<'_>, DocumentUnavailable> {
        Ok(Offered {
            models: &self.models,
            offer: self.documents.of(&user.tid).await?,
            roles: roles.clone(),
        })
    }
}

/// What one person is offered.
pub struct Offered<'a> {
    models: &'a Models,
    offer: Arc<ModelOffer>,
    roles: BTreeSet<Role>,
}

impl Offered<'_> {
    /// In the order of pickers.
    pub fn all(&self) -> impl Iterator<Item = &Arc<dyn ChatModel>> {
        self.models.all().iter().filter(|model| self.has(model))
    }

    /// The model of that name.
    pub fn get(&self, name: &str) -> Result<&Arc<dyn ChatModel>, ModelRefused> {
        let model = self.models.get(name);
        let model = model.ok_or_else(|| ModelRefused::Unknown(name.to_owned()))?;
        self.has(model)
            .then_some(model)
            .ok_or(ModelRefused::NotOffered)
    }

    /// The model that answers when the person did not choose. A tenant's default is for
    /// everybody when it is stored; where that no longer holds because the deployment has
    /// other models now, it is the first that the person is offered.
    pub fn default_model(&self) -> Result<&Arc<dyn ChatModel>, ModelRefused> {
        let default = self.models.default_in(&self.offer);
        if self.has(default) {
            return Ok(default);
        }
        self.all().next().ok_or(ModelRefused::NotOffered)
    }

    /// The model that answers a message: the one it names, else the one that the person
    /// prefers as long as they are offered it, else the default.
    pub fn choose(
        &self,
        named: Option<&str>,
        preferred: Option<&str>,
    ) -> Result<&Arc<dyn ChatModel>, ModelRefused> {
        if let Some(name) = named {
            return self.get(name);
        }
        let preferred = preferred.and_then(|name| self.get(name).ok());
        preferred.map_or_else(|| self.default_model(), Ok)
    }

    fn has(&self, model: &Arc<dyn ChatModel>) -> bool {
        self.offer.offers(model.name(), &self.roles)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::http::models::tests::model;
    use crate::tenant_documents::doubles::Desk;

    const SETTLED: &str = r#"{"default": "small", "only_for": {"large": ["operator"], "old": []}}"#;

    struct Tenant {
        desk: Arc<Desk>,
        offers: Arc<ModelOffers>,
    }

    fn tenant() -> Tenant {
        let desk = Arc::new(Desk::default());
        let models = ["small", "large", "old"].map(model).to_vec();
        let models = Models::new(models, Some("large")).unwrap();
        Tenant {
            offers: ModelOffers::new(models, desk.clone(), desk.clone()),
            desk,
        }
    }

    impl Tenant {
        async fn offered(&self, roles: &[Role]) -> Offered<'_> {
            let roles = roles.iter().copied().collect();
            let offered = self.offers.of(&UserKey::new("t", "o"), &roles).await;
            offered.unwrap()
        }
    }

    fn names(offered: &Offered<'_>) -> Vec<String> {
        offered.all().map(|model| model.name().to_owned()).collect()
    }

    fn chosen(offered: &Offered<'_>, named: Option<&str>, preferred: Option<&str>) -> String {
        let chosen = offered.choose(named, preferred);
        chosen.map_or_else(|e| e.to_string(), |model| model.name().to_owned())
    }

    #[tokio::test]
    async fn where_nothing_is_settled_everybody_is_offered_everything() {
        let tenant = tenant();
        let offered = tenant.offered(&[]).await;
        assert_eq!(names(&offered), ["small", "large", "old"]);
        assert_eq!(chosen(&offered, None, None), "large");
        assert_eq!(chosen(&offered, None, Some("old")), "old");
        assert_eq!(chosen(&offered, Some("small"), Some("old")), "small");
    }

    #[tokio::test]
    async fn each_is_offered_what_their_roles_are() {
        let tenant = tenant();
        tenant.desk.write("t", ConfigKind::Models, SETTLED);
        let reader = tenant.offered(&[Role::Reader]).await;
        assert_eq!(names(&reader), ["small"]);
        let refused = ModelRefused::NotOffered.to_string();
        for (named, preferred, expected) in [
            (None, None, "small"),
            (None, Some("large"), "small"),
            (None, Some("gone"), "small"),
            (Some("large"), None, refused.as_str()),
            (Some("old"), Some("small"), refused.as_str()),
            (Some("gone"), None, "there is no model named gone"),
        ] {
            assert_eq!(chosen(&reader, named, preferred), expected);
        }
        let operator = tenant.offered(&[Role::Reader, Role::Operator]).await;
        assert_eq!(names(&operator), ["small", "large"]);
        assert_eq!(chosen(&operator, None, Some("large")), "large");
        assert_eq!(chosen(&operator, None, None), "small");
    }

    #[tokio::test]
    async fn a_deployment_that_has_other_models_now_still_answers() {
        let tenant = tenant();
        let gone = r#"{"default": "gone", "only_for": {"large": ["operator"]}}"#;
        tenant.desk.write("t", ConfigKind::Models, gone);
        let reader = tenant.offered(&[Role::Reader]).await;
        assert_eq!(chosen(&reader, None, None), "small");
        let operator = tenant.offered(&[Role::Operator]).await;
        assert_eq!(chosen(&operator, None, None), "large");
    }

    #[tokio::test]
    async fn whoever_is_offered_none_is_told() {
        let tenant = tenant();
        let none = r#"{"only_for": {"small": [], "large": [], "old": []}}"#;
        tenant.desk.write("t", ConfigKind::Models, none);
        let offered = tenant.offered(&Role::ALL).await;
        assert_eq!(
            offered.choose(None, None).err(),
            Some(ModelRefused::NotOffered)
        );
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_offered_to_nobody_and_holds_30_seconds_when_it_was() {
        let tenant = tenant();
        tenant.desk.set_down(true);
        let roles = BTreeSet::new();
        let offered = tenant.offers.of(&UserKey::new("t", "o"), &roles).await;
        assert!(offered.is_err(), "nobody knows");
        tenant.desk.set_down(false);
        assert_eq!(names(&tenant.offered(&[]).await).len(), 3);
        tenant.desk.write("t", ConfigKind::Models, SETTLED);
        tenant.desk.pass(FRESH_MS - 1);
        assert_eq!(names(&tenant.offered(&[]).await).len(), 3);
        tenant.desk.pass(1);
        assert_eq!(names(&tenant.offered(&[]).await), ["small"]);
    }
}
