//! A validated set of policies, and what it says of a call.

use std::collections::BTreeMap;
use std::str::FromStr;

use azimuth_domain::canonical::sha256_hex;
use azimuth_domain::policy::{ApprovalBy, Decision, DenyReason};
use cedar_policy::{
    Authorizer, Effect, Policy, PolicyId, ResourceConstraint, Response, Schema, ValidationMode,
    Validator,
};

use super::bounds::{
    NamedPlaces, ask_for_a_subscription, ask_for_tags, bounded, demanding, demands_a_place,
};
use super::request::{PolicyInput, Question, Vocabulary};
use super::text::TextFault;
use super::visibility::VisibleTools;

/// Schema of the product.
pub(super) const SCHEMA: &str = include_str!("../../policies/azimuth.cedarschema");
/// What is permitted where a tenant has no policies of its own.
pub const BUILT_IN_PERMITS: &str = include_str!("../../policies/permits.cedar");
/// What is forbidden whatever policies a tenant has.
pub const BUILT_IN_FORBIDS: &str = include_str!("../../policies/forbids.cedar");

/// Reasons that a policy may give, the one that is told first where several
/// forbids hold: what ails the tool before what ails the call.
const REASONS: [DenyReason; 5] = [
    DenyReason::ToolDisabled,
    DenyReason::ForeignTenant,
    DenyReason::SecretNotAvailable,
    DenyReason::ReadOnlyMode,
    DenyReason::NotPermitted,
];

/// Why a set cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The schema cannot be read.
    #[error("the policy schema cannot be read: {0}")]
    Schema(String),
    /// A policy cannot be read.
    #[error("a policy cannot be read: {0}")]
    Syntax(String),
    /// A policy has no `@id`, or one that another has.
    #[error("every policy needs an @id of its own: {0}")]
    Id(String),
    /// An annotation is unknown, misplaced, missing or has an unknown value.
    #[error("policy {id}: {problem}")]
    Annotation {
        /// The policy.
        id: String,
        /// What is wrong.
        problem: String,
    },
    /// A condition compares with what no call can have.
    #[error("policy {id}: {problem}")]
    Condition {
        /// The policy.
        id: String,
        /// What is wrong.
        problem: String,
    },
    /// A policy does not fit the schema, or can never hold.
    #[error("the policies do not fit the schema: {0}")]
    Invalid(String),
}

/// What a policy says when it determines a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A permit: at once, or with an approval.
    Permit(Option<ApprovalBy>),
    /// A permit: at once, also where a model asks that had read what a tool returned.
    Autonomous,
    /// A forbid.
    Forbid(DenyReason),
}

/// For what a yes may be given at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Remembered {
    /// The rest of a conversation.
    Conversation,
    /// That, and until the person says otherwise.
    User,
}

/// A validated set of policies.
pub struct PolicySet {
    /// As they are evaluated, see [`as_evaluated`].
    policies: cedar_policy::PolicySet,
    /// Permits that demand an approval also where a call leaves open whether they hold.
    /// They permit nothing.
    demands: cedar_policy::PolicySet,
    verdicts: BTreeMap<PolicyId, Verdict>,
    /// Those that demand the asker's yes and say that it may be given for more than a call.
    remembered: BTreeMap<PolicyId, Remembered>,
    authorizer: Authorizer,
    version: String,
    vocabulary: Vocabulary,
    places: NamedPlaces,
    asks_for_a_subscription: bool,
    asks_for_tags: bool,
    pub(super) visible: VisibleTools,
}

impl PolicySet {
    /// What the call may do: it runs, needs a person, or is denied with a reason.
    ///
    /// Deny wins over every permit. Where several permits hold, the strictest
    /// approval counts, so that a policy that is added can only tighten; to
    /// loosen, the policy that demands the approval must be changed. Where
    /// several forbids hold, the reason is the first of [`REASONS`]. Whatever
    /// cannot be evaluated is denied.
    pub fn decide(&self, input: &PolicyInput<'_>) -> Decision {
        self.answer(&Question::call(input))
    }

    /// For what the yes that the call needs of its asker may be given at the most: for
    /// what every permit that demands it says. `None`, for this call alone, where one does
    /// not say so, where another person must agree as well, and where none demands the yes.
    pub(crate) fn may_remember(&self, input: &PolicyInput<'_>) -> Option<Remembered> {
        let (request, entities) = self.vocabulary.ask(&Question::call(input)).ok()?;
        let mut said = None;
        for set in [&self.policies, &self.demands] {
            let response = self.authorizer.is_authorized(&request, set, &entities);
            if response.diagnostics().errors().next().is_some() {
                return None;
            }
            for id in response.diagnostics().reason() {
                match self.verdicts.get(id)? {
                    Verdict::Permit(Some(ApprovalBy::Asker)) => {
                        let own = *self.remembered.get(id)?;
                        said = Some(said.map_or(own, |said: Remembered| said.min(own)));
                    }
                    Verdict::Permit(None) | Verdict::Autonomous => {}
                    Verdict::Permit(Some(_)) | Verdict::Forbid(_) => return None,
                }
            }
        }
        said
    }

    /// Whether some policy lets a person always allow a tool.
    pub(crate) fn remembers_for_people(&self) -> bool {
        let mut remembered = self.remembered.values();
        remembered.any(|at_most| *at_most == Remembered::User)
    }

    /// SHA-256 over schema and policies, lower-case hex: what every decision of
    /// this set can be traced to.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The policies that ship with the product.
    pub fn default_set() -> Result<Self, PolicyError> {
        Self::assemble(default_policies()?)
    }

    /// A set of the policies in these texts, against the product's schema.
    pub fn new(texts: &[&str]) -> Result<Self, PolicyError> {
        Self::assemble(read(texts)?)
    }

    /// A tenant's policies, with what is forbidden everywhere. Nothing but the text
    /// permits anything: an empty one allows nothing.
    pub fn of_tenant(text: &str) -> Result<Self, Vec<TextFault>> {
        super::text::check(text)?;
        Self::new(&[text, BUILT_IN_FORBIDS]).map_err(|error| vec![TextFault::whole(&error)])
    }

    /// Whether it matters to some policy in which subscription a call works.
    pub(crate) fn asks_for_a_subscription(&self) -> bool {
        self.asks_for_a_subscription
    }

    /// Whether it matters to some policy how that is tagged on which a call works.
    pub(crate) fn asks_for_tags(&self) -> bool {
        self.asks_for_tags
    }

    /// Places that some policy names.
    pub(super) fn places(&self) -> &NamedPlaces {
        &self.places
    }

    pub(super) fn assemble(policies: Vec<Policy>) -> Result<Self, PolicyError> {
        let (schema, _warnings) =
            Schema::from_cedarschema_str(SCHEMA).map_err(|e| PolicyError::Schema(e.to_string()))?;
        let mut verdicts = BTreeMap::new();
        let mut remembered = BTreeMap::new();
        let mut texts = BTreeMap::new();
        let mut set = cedar_policy::PolicySet::new();
        let visible = VisibleTools::of(&policies);
        let places = NamedPlaces::of(&policies);
        let asks_for_a_subscription = ask_for_a_subscription(&policies);
        let asks_for_tags = ask_for_tags(&policies);
        let mut evaluated = cedar_policy::PolicySet::new();
        let mut demands = cedar_policy::PolicySet::new();
        let not_one = |e: cedar_policy::PolicySetError| PolicyError::Id(e.to_string());
        for policy in policies {
            let says = verdict(&policy)?;
            if matches!(says, Verdict::Permit(Some(_)))
                && let Some(demand) = as_demanding(&policy)?
            {
                demands.add(demand).map_err(not_one)?;
            }
            verdicts.insert(policy.id().clone(), says);
            if let Some(at_most) = remember(&policy)? {
                remembered.insert(policy.id().clone(), at_most);
            }
            texts.insert(policy.id().to_string(), policy.to_string());
            evaluated.add(as_evaluated(&policy)?).map_err(not_one)?;
            set.add(policy).map_err(not_one)?;
        }
        let validation = Validator::new(schema.clone()).validate(&set, ValidationMode::Strict);
        if !validation.validation_passed_without_warnings() {
            return Err(PolicyError::Invalid(validation.to_string()));
        }
        let listed: Vec<String> = texts.iter().map(|(id, t)| format!("{id}\n{t}")).collect();
        Ok(Self {
            policies: evaluated,
            demands,
            verdicts,
            remembered,
            authorizer: Authorizer::new(),
            version: sha256_hex(format!("{SCHEMA}\n{}", listed.join("\n"))),
            vocabulary: Vocabulary::of(schema).map_err(PolicyError::Schema)?,
            places,
            asks_for_a_subscription,
            asks_for_tags,
            visible,
        })
    }

    pub(super) fn answer(&self, question: &Question<'_>) -> Decision {
        let denied = |reason| Decision::Deny { reason };
        let decision = match self.vocabulary.ask(question) {
            Ok((request, entities)) => {
                let ask = |set| self.authorizer.is_authorized(&request, set, &entities);
                let response = ask(&self.policies);
                let demands = (response.decision() == cedar_policy::Decision::Allow
                    && !self.demands.is_empty())
                .then(|| ask(&self.demands));
                let decision = self.conclude(&response, demands.as_ref());
                if decision == Decision::Allow
                    && question.is_tainted_change()
                    && !self.is_autonomous(&response)
                {
                    return Decision::RequireApproval {
                        by: ApprovalBy::Asker,
                    };
                }
                decision
            }
            Err(error) => {
                tracing::error!(%error, "a policy question cannot be asked; denied");
                denied(DenyReason::NotPermitted)
            }
        };
        // No permit shows or takes a secret without a person, whatever it says.
        match decision {
            Decision::Allow if question.class.secret => Decision::RequireApproval {
                by: ApprovalBy::Asker,
            },
            decision => decision,
        }
    }

    /// Whether some permit that holds lets the call run whatever was read before.
    fn is_autonomous(&self, response: &Response) -> bool {
        let verdict = |id| self.verdicts.get(id);
        let mut reasons = response.diagnostics().reason();
        reasons.any(|id| verdict(id) == Some(&Verdict::Autonomous))
    }

    fn conclude(&self, response: &Response, demands: Option<&Response>) -> Decision {
        let denied = |reason| Decision::Deny { reason };
        let mut verdicts: Vec<Option<Verdict>> = Vec::new();
        for answer in std::iter::once(response).chain(demands) {
            // A forbid that fails to evaluate does not count in Cedar: it must here.
            if let Some(error) = answer.diagnostics().errors().next() {
                tracing::error!(%error, "a policy cannot be evaluated; denied");
                return denied(DenyReason::NotPermitted);
            }
            let reasons = answer.diagnostics().reason();
            verdicts.extend(reasons.map(|id| self.verdicts.get(id).copied()));
        }
        if response.decision() == cedar_policy::Decision::Deny {
            let told = REASONS
                .into_iter()
                .find(|reason| verdicts.contains(&Some(Verdict::Forbid(*reason))));
            return denied(told.unwrap_or(DenyReason::NotPermitted));
        }
        let demanded = |by| verdicts.contains(&Some(Verdict::Permit(by)));
        if demanded(Some(ApprovalBy::AnotherApprover)) {
            Decision::RequireApproval {
                by: ApprovalBy::AnotherApprover,
            }
        } else if demanded(Some(ApprovalBy::Asker)) {
            Decision::RequireApproval {
                by: ApprovalBy::Asker,
            }
        } else if demanded(None) || verdicts.contains(&Some(Verdict::Autonomous)) {
            Decision::Allow
        } else {
            denied(DenyReason::NotPermitted)
        }
    }
}

/// The default policies, one by one.
pub(super) fn default_policies() -> Result<Vec<Policy>, PolicyError> {
    read(&[BUILT_IN_PERMITS, BUILT_IN_FORBIDS])
}

/// The policies of these texts, each under its `@id`.
pub(super) fn read(texts: &[&str]) -> Result<Vec<Policy>, PolicyError> {
    let mut policies = Vec::new();
    for text in texts {
        let parsed = cedar_policy::PolicySet::from_str(text)
            .map_err(|e| PolicyError::Syntax(e.to_string()))?;
        if let Some(template) = parsed.templates().next() {
            return Err(PolicyError::Syntax(format!(
                "{} is a template",
                template.annotation("id").unwrap_or("a policy")
            )));
        }
        for policy in parsed.policies() {
            let id = policy.annotation("id").filter(|id| !id.is_empty());
            let id = id.ok_or_else(|| PolicyError::Id(policy.to_string()))?;
            policies.push(policy.new_id(PolicyId::new(id)));
        }
    }
    Ok(policies)
}

/// The policy as it answers questions: on the safe side where a call leaves open where
/// it works.
pub(super) fn as_evaluated(policy: &Policy) -> Result<Policy, PolicyError> {
    bounded(policy).map_err(|problem| PolicyError::Condition {
        id: policy.id().to_string(),
        problem,
    })
}

/// The permit as it demands its approval, see [`demanding`].
fn as_demanding(policy: &Policy) -> Result<Option<Policy>, PolicyError> {
    demanding(policy).map_err(|problem| PolicyError::Condition {
        id: policy.id().to_string(),
        problem,
    })
}

/// What lets a change run whatever the model has read must say which tool, and where.
fn autonomous(policy: &Policy) -> Result<Verdict, String> {
    if policy.annotation("approval").is_some() {
        return Err("@autonomous and @approval exclude each other".to_owned());
    }
    if policy.annotation("autonomous").is_none_or(str::is_empty) {
        return Err("@autonomous needs a text that says why it is safe".to_owned());
    }
    if !matches!(policy.resource_constraint(), ResourceConstraint::Eq(_)) {
        return Err(
            "@autonomous must name its tool: resource == Azimuth::Tool::\"server/tool\"".to_owned(),
        );
    }
    if !demands_a_place(policy)? {
        return Err(
            "@autonomous must compare context.subscription, context.resource_group or \
             context.resource_id with what it is for, in a condition that must hold"
                .to_owned(),
        );
    }
    Ok(Verdict::Autonomous)
}

/// What the policy's `@remember` says.
fn remember(policy: &Policy) -> Result<Option<Remembered>, PolicyError> {
    let Some(text) = policy.annotation("remember") else {
        return Ok(None);
    };
    let fault = |problem: String| PolicyError::Annotation {
        id: policy.id().to_string(),
        problem,
    };
    if policy.annotation("approval") != Some("asker") {
        return Err(fault(
            "@remember is for policies with @approval(\"asker\")".to_owned(),
        ));
    }
    match text {
        "conversation" => Ok(Some(Remembered::Conversation)),
        "user" => Ok(Some(Remembered::User)),
        other => Err(fault(format!(
            "@remember is conversation or user, not {other:?}"
        ))),
    }
}

/// What the annotations of a policy say. Unknown ones are refused: a misspelt
/// `@approval` would let calls run without one.
pub(super) fn verdict(policy: &Policy) -> Result<Verdict, PolicyError> {
    let fault = |problem: String| PolicyError::Annotation {
        id: policy.id().to_string(),
        problem,
    };
    let known: &[&str] = match policy.effect() {
        Effect::Permit => &["id", "approval", "autonomous", "remember"],
        Effect::Forbid => &["id", "reason"],
    };
    if let Some((unknown, _)) = policy.annotations().find(|(key, _)| !known.contains(key)) {
        return Err(fault(format!("@{unknown} has no meaning here")));
    }
    match policy.effect() {
        Effect::Permit if policy.annotation("autonomous").is_some() => {
            autonomous(policy).map_err(fault)
        }
        Effect::Permit => match policy.annotation("approval") {
            None => Ok(Verdict::Permit(None)),
            Some("asker") => Ok(Verdict::Permit(Some(ApprovalBy::Asker))),
            Some("another") => Ok(Verdict::Permit(Some(ApprovalBy::AnotherApprover))),
            Some(other) => Err(fault(format!(
                "@approval is asker or another, not {other:?}"
            ))),
        },
        Effect::Forbid => {
            let code = policy
                .annotation("reason")
                .ok_or_else(|| fault("a forbid needs a @reason".to_owned()))?;
            REASONS
                .into_iter()
                .find(|reason| reason.code() == code)
                .map(Verdict::Forbid)
                .ok_or_else(|| fault(format!("{code:?} is not a reason that a policy can give")))
        }
    }
}
