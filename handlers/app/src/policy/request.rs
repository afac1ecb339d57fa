//! Our terms turned into Cedar's: one question becomes a request and entities.

use std::collections::{BTreeSet, HashMap, HashSet};

use azimuth_domain::policy::Mode;
use azimuth_domain::principal::{Role, UserKey};
use azimuth_domain::time::Timestamp;
use azimuth_domain::tool::{Availability, Classification, EffectClass, ToolSpec};
use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression,
    Schema,
};
use serde_json::Value;

use super::scope::CallScope;
use super::tags::KnownTags;

/// Names of the days, Monday first.
const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// One call to decide about.
#[derive(Debug, Clone, Copy)]
pub struct PolicyInput<'a> {
    /// Who asks.
    pub user: &'a UserKey,
    /// The roles that count now.
    pub roles: &'a BTreeSet<Role>,
    /// The tool as the catalogue has it.
    pub tool: &'a ToolSpec,
    /// The call's arguments.
    pub arguments: &'a Value,
    /// How much the turn may do without a person.
    pub mode: Mode,
    /// Whether the model that asks had read what a tool returned.
    pub tainted: bool,
    /// What is known of the tags of what it works on.
    pub tags: KnownTags<'a>,
    /// When.
    pub at: Timestamp,
}

/// What is asked of the policies.
pub(super) struct Question<'a> {
    tenant: &'a str,
    user: String,
    roles: &'a BTreeSet<Role>,
    tool: &'a ToolSpec,
    pub(super) class: Classification,
    /// The call; without one it is about seeing the tool.
    call: Option<Call<'a>>,
}

/// What a call has and seeing a tool has not.
struct Call<'a> {
    arguments: &'a Value,
    mode: Mode,
    tainted: bool,
    tags: KnownTags<'a>,
    at: Timestamp,
}

/// Why a question cannot be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum BuildError {
    #[error("attribute: {0}")]
    Attribute(#[from] Box<cedar_policy::EntityAttrEvaluationError>),
    #[error("entities: {0}")]
    Entities(#[from] Box<cedar_policy::entities_errors::EntitiesError>),
    #[error("context: {0}")]
    Context(#[from] Box<cedar_policy::ContextCreationError>),
    #[error("request: {0}")]
    Request(#[from] Box<cedar_policy::RequestValidationError>),
}

impl<'a> Question<'a> {
    /// May this call run?
    pub fn call(input: &PolicyInput<'a>) -> Self {
        Self {
            tenant: &input.user.tid,
            user: format!("{}|{}", input.user.tid, input.user.oid),
            roles: input.roles,
            tool: input.tool,
            class: input.tool.classify(input.arguments),
            call: Some(Call {
                arguments: input.arguments,
                mode: input.mode,
                tainted: input.tainted,
                tags: input.tags,
                at: input.at,
            }),
        }
    }

    /// Whether it asks about a change that a model wants which had read what a tool
    /// returned.
    pub fn is_tainted_change(&self) -> bool {
        self.class.effect != EffectClass::ReadOnly && self.call.as_ref().is_some_and(|c| c.tainted)
    }

    /// May somebody with these roles see the tool, for calls of this class?
    pub fn see(roles: &'a BTreeSet<Role>, tool: &'a ToolSpec, class: Classification) -> Self {
        Self {
            tenant: "",
            user: "somebody".to_owned(),
            roles,
            tool,
            class,
            call: None,
        }
    }
}

/// The schema's names, read once.
pub(super) struct Vocabulary {
    schema: Schema,
    /// The actions with their groups; every request is judged among them.
    actions: Entities,
    user: EntityTypeName,
    tool: EntityTypeName,
    role: EntityTypeName,
    effect: EntityTypeName,
    availability: EntityTypeName,
    mode: EntityTypeName,
    weekday: EntityTypeName,
    action: EntityTypeName,
}

impl Vocabulary {
    /// The names of `schema`; the error is a text for whoever starts the process.
    pub fn of(schema: Schema) -> Result<Self, String> {
        let name = |kind: &str| -> Result<EntityTypeName, String> {
            format!("Azimuth::{kind}")
                .parse()
                .map_err(|error: cedar_policy::ParseErrors| error.to_string())
        };
        Ok(Self {
            actions: schema.action_entities().map_err(|e| e.to_string())?,
            schema,
            user: name("User")?,
            tool: name("Tool")?,
            role: name("Role")?,
            effect: name("Effect")?,
            availability: name("Availability")?,
            mode: name("Mode")?,
            weekday: name("Weekday")?,
            action: name("Action")?,
        })
    }

    /// The request and the entities it is about.
    pub fn ask(&self, question: &Question<'_>) -> Result<(Request, Entities), BuildError> {
        let user = uid(&self.user, &question.user);
        let tool = uid(&self.tool, &question.tool.tool.to_string());
        let action = if question.call.is_some() {
            "call"
        } else {
            "see"
        };
        let request = Request::new(
            user.clone(),
            uid(&self.action, action),
            tool.clone(),
            self.context(question)?,
            Some(&self.schema),
        )
        .map_err(Box::new)?;
        let roles = question.roles.iter().map(|r| uid(&self.role, r.as_str()));
        let tenant = HashMap::from([("tenant".to_owned(), text(question.tenant))]);
        let attributes = self.attributes(question);
        let asked = [
            Entity::new(user, tenant, roles.collect()).map_err(Box::new)?,
            Entity::new(tool, attributes, HashSet::new()).map_err(Box::new)?,
        ];
        let entities = self
            .actions
            .clone()
            .add_entities(asked, None)
            .map_err(Box::new)?;
        Ok((request, entities))
    }

    fn attributes(&self, question: &Question<'_>) -> HashMap<String, RestrictedExpression> {
        let one_of = |kind, name| RestrictedExpression::new_entity_uid(uid(kind, name));
        let flag = RestrictedExpression::new_bool;
        let spec = question.tool;
        let availability = availability(spec.availability);
        [
            ("server", text(&spec.tool.server)),
            ("name", text(&spec.tool.name)),
            (
                "effect",
                one_of(&self.effect, question.class.effect.as_str()),
            ),
            ("secret", flag(question.class.secret)),
            ("availability", one_of(&self.availability, availability)),
            ("shared_identity", flag(spec.shared_identity)),
            ("scoped", flag(spec.is_scoped())),
            ("enabled_by_name", flag(spec.enabled_by_name)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    fn context(&self, question: &Question<'_>) -> Result<Context, BuildError> {
        let Some(call) = &question.call else {
            return Ok(Context::empty());
        };
        let spec = question.tool;
        let tenant = tenant_argument(spec, call.arguments);
        let foreign = tenant.is_some_and(|t| !names(t, question.tenant));
        let scope = CallScope::of(spec, call.arguments);
        let tags = scope.tags(call.arguments, question.class.effect, call.tags);
        let tags = tags.map(|tags| {
            let tags = tags.iter().map(|tag| text(tag));
            ("tags", RestrictedExpression::new_set(tags))
        });
        let tenant = tenant.and_then(Value::as_str).map(str::to_lowercase);
        let places = [
            ("subscription", scope.subscription),
            ("resource_group", scope.resource_group),
            ("resource_id", scope.resource_id),
            ("tenant", tenant),
        ];
        let places = places
            .into_iter()
            .filter_map(|(name, value)| Some((name, text(&value?))));
        let minute = call.at.minute_of_day();
        let weekday = WEEKDAYS.get(call.at.weekday()).copied().unwrap_or_default();
        let one_of = |kind, name| RestrictedExpression::new_entity_uid(uid(kind, name));
        let facts = [
            ("foreign_tenant", RestrictedExpression::new_bool(foreign)),
            ("tainted", RestrictedExpression::new_bool(call.tainted)),
            ("mode", one_of(&self.mode, call.mode.as_str())),
            ("hour", RestrictedExpression::new_long(minute / 60)),
            ("minute_of_day", RestrictedExpression::new_long(minute)),
            ("weekday", one_of(&self.weekday, weekday)),
        ];
        let pairs = places.chain(tags).chain(facts);
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value));
        Ok(Context::from_pairs(pairs).map_err(Box::new)?)
    }
}

/// The tenant argument, whatever its type; absent, null and empty are none.
fn tenant_argument<'a>(spec: &ToolSpec, arguments: &'a Value) -> Option<&'a Value> {
    let value = arguments.get(spec.scope.tenant.as_deref()?)?;
    let empty = value.is_null() || value.as_str().is_some_and(str::is_empty);
    (!empty).then_some(value)
}

/// Whether the argument names exactly this tenant. A display or domain name
/// could be anybody's: it does not.
fn names(argument: &Value, tenant: &str) -> bool {
    argument
        .as_str()
        .is_some_and(|text| text.eq_ignore_ascii_case(tenant))
}

fn availability(availability: Availability) -> &'static str {
    match availability {
        Availability::Enabled => "enabled",
        Availability::Unclassified => "unclassified",
        Availability::Changed => "changed",
        Availability::NeedsLocalMachine => "needs_local_machine",
        Availability::SwitchedOff => "switched_off",
    }
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}
