//! Names that stand in more than one place: in what Terraform would make, and in
//! the handler, the function folders and the portal. No compiler sees them together.

use std::collections::BTreeSet;

use serde_json::Value;

use super::containers;
use super::plan::Plan;
use crate::app::{Function, functions::Trigger, tool_server};
use crate::check::contract::{HandlerContract, PREFIX};

/// Where Terraform's names stand, for the text of a finding.
const TERRAFORM: &str = "Terraform";
pub const HANDLER: &str = "the handler";

/// What the handler reads and Terraform does not set, and why.
const NOT_ON_AZURE: [(&str, &str); 6] = [
    (
        "AZIMUTH_CLIENT_SECRET",
        "the identity's federated credential is in its place",
    ),
    ("AZIMUTH_CORS_ORIGINS", "the platform answers browsers"),
    ("AZIMUTH_COSMOS_KEY", "the emulator's; an account has none"),
    ("AZIMUTH_DATA_DIR", "a temporary folder without it"),
    ("AZIMUTH_EGRESS_CA_FILE", "the sandbox's certificate"),
    ("AZIMUTH_EGRESS_PROXY", "the way into the sandbox"),
];

/// Everything that has names in common with Terraform.
#[derive(Debug, Clone, Copy)]
pub struct Product<'a> {
    pub functions: &'a [Function],
    pub handler: &'a HandlerContract,
    /// `static-web/src/app/config.ts`
    pub portal_config: &'a str,
    /// `staticwebapp.config.json`
    pub site_config: &'a str,
}

/// What differs in a plan.
pub fn findings(plan: &Plan, product: Product<'_>) -> Vec<String> {
    let mut findings = queue_findings(plan, product);
    let made = containers::made(plan, &mut findings);
    findings.extend(containers::findings(
        TERRAFORM,
        &made,
        &product.handler.containers,
    ));
    findings.extend(setting_findings(plan, &product.handler.settings));
    findings.extend(package_findings(plan));
    findings.extend(entra_findings(plan, product.handler));
    findings.extend(function_findings(plan, product.functions));
    findings.extend(portal_findings(plan, product));
    findings
}

/// Names of one kind, and where they stand.
pub struct Names<'a> {
    place: &'a str,
    names: BTreeSet<String>,
}

impl<'a> Names<'a> {
    pub fn of(place: &'a str, names: impl IntoIterator<Item = String>) -> Self {
        Self {
            place,
            names: names.into_iter().collect(),
        }
    }

    /// Names that only one of two places has.
    pub fn differences(&self, what: &str, other: &Self) -> Vec<String> {
        let missing = |place: &str, name: &String| format!("{what} {name:?} is missing in {place}");
        let there = self.names.difference(&other.names);
        let here = other.names.difference(&self.names);
        there
            .map(|name| missing(other.place, name))
            .chain(here.map(|name| missing(self.place, name)))
            .collect()
    }
}

/// A text argument of every resource of a kind.
fn texts(plan: &Plan, kind: &str, argument: &str) -> Names<'static> {
    let values = plan.resources(kind);
    let values = values.filter_map(|values| values[argument].as_str());
    Names::of(TERRAFORM, values.map(ToOwned::to_owned))
}

pub fn strings(value: &Value) -> Vec<String> {
    let list = value.as_array().into_iter().flatten();
    let texts = list.filter_map(Value::as_str);
    texts.map(ToOwned::to_owned).collect()
}

/// Terraform, the function folders and the handler know the same queues.
fn queue_findings(plan: &Plan, product: Product<'_>) -> Vec<String> {
    let made = texts(plan, "azurerm_storage_queue", "name");
    let listened = product
        .functions
        .iter()
        .filter_map(|function| match &function.trigger {
            Trigger::Queue { queue, .. } => Some(queue.clone()),
            Trigger::Http { .. } | Trigger::Timer => None,
        });
    let filled = product.handler.queues.iter();
    let filled = filled.flat_map(|queue| [queue.clone(), format!("{queue}-poison")]);
    let mut findings = made.differences("the queue", &Names::of("functions/", listened));
    findings.extend(made.differences("the queue", &Names::of(HANDLER, filled)));
    findings
}

/// Every variable of the handler is an app setting, and the reverse.
fn setting_findings(plan: &Plan, known: &[String]) -> Vec<String> {
    let set = plan
        .resources("azurerm_function_app_flex_consumption")
        .filter_map(|values| values["app_settings"].as_object())
        .flat_map(|settings| settings.keys())
        .filter(|name| name.starts_with(PREFIX))
        .cloned();
    let is_elsewhere = |name: &String| NOT_ON_AZURE.iter().any(|(other, _)| other == name);
    let read = known.iter().filter(|name| !is_elsewhere(name)).cloned();
    let set = Names::of(TERRAFORM, set);
    set.differences("the setting", &Names::of(HANDLER, read))
}

/// The tool servers are those of the package.
fn package_findings(plan: &Plan) -> Vec<String> {
    const SETTING: &str = "AZIMUTH_MCP_SERVERS";
    let packed = tool_server::SERVERS_FILE;
    plan.resources("azurerm_function_app_flex_consumption")
        .map(|values| &values["app_settings"][SETTING])
        .filter(|set| **set != packed)
        .map(|set| format!("{SETTING} is {set}; the package has {packed:?}"))
        .collect()
}

/// App roles and the exposed scope are those that the handler takes from a token.
fn entra_findings(plan: &Plan, handler: &HandlerContract) -> Vec<String> {
    let roles = texts(plan, "azuread_application_app_role", "value");
    let scopes = texts(plan, "azuread_application_permission_scope", "value");
    let known = Names::of(HANDLER, handler.roles.iter().cloned());
    let mut findings = roles.differences("the app role", &known);
    let asked = Names::of(HANDLER, [handler.scope.clone()]);
    findings.extend(scopes.differences("the scope", &asked));
    findings
}

/// Functions that are kept warm or watched exist.
fn function_findings(plan: &Plan, functions: &[Function]) -> Vec<String> {
    let exists = |name: &str| functions.iter().any(|function| function.name == name);
    let mut findings = Vec::new();
    for app in plan.resources("azurerm_function_app_flex_consumption") {
        let groups = app["always_ready"].as_array().into_iter().flatten();
        for group in groups.filter_map(|group| group["name"].as_str()) {
            let is_known = group == "http" || group.strip_prefix("function:").is_some_and(exists);
            if !is_known {
                findings.push(format!(
                    "always_ready {group:?} is neither http nor a function"
                ));
            }
        }
    }
    for alert in plan.resources("azurerm_monitor_scheduled_query_rules_alert_v2") {
        let criteria = alert["criteria"].as_array().into_iter().flatten();
        let queries = criteria.filter_map(|criteria| criteria["query"].as_str());
        for query in queries.filter(|query| query.starts_with("AppRequests")) {
            // Between single quotes: a name, or the end of some.
            for name in query.split('\'').skip(1).step_by(2) {
                if !functions
                    .iter()
                    .any(|function| function.name.ends_with(name))
                {
                    findings.push(format!("an alert asks for {name:?}, which is no function"));
                }
            }
        }
    }
    findings
}

/// The portal finds what it reads, and its place holders can be filled.
fn portal_findings(plan: &Plan, product: Product<'_>) -> Vec<String> {
    let config = plan.output("portal_config").as_str().unwrap_or_default();
    let config: Value = serde_json::from_str(config).unwrap_or_default();
    let made = Names::of("Terraform's output portal_config", keys(&config));
    let read = Names::of("the portal's PortalConfig", fields(product.portal_config));
    let mut findings = made.differences("the field", &read);
    let scope = format!("/{}", product.handler.scope);
    if !config["scope"]
        .as_str()
        .is_some_and(|asked| asked.ends_with(&scope))
    {
        findings.push(format!(
            "the portal does not ask for {:?}",
            product.handler.scope
        ));
    }
    let origins = plan.output("portal_origins");
    let filled = Names::of("Terraform's output portal_origins", keys(origins));
    let used = Names::of(
        "staticwebapp.config.json",
        place_holders(product.site_config),
    );
    findings.extend(filled.differences("the place holder", &used));
    findings
}

fn keys(value: &Value) -> BTreeSet<String> {
    let fields = value.as_object().into_iter().flatten();
    fields.map(|(name, _)| name.clone()).collect()
}

/// Fields of `interface PortalConfig`.
fn fields(source: &str) -> BTreeSet<String> {
    source
        .lines()
        .skip_while(|line| !line.starts_with("export interface PortalConfig {"))
        .skip(1)
        .take_while(|line| !line.starts_with('}'))
        .filter_map(|line| line.trim_start().split_once(": "))
        .map(|(name, _)| name.to_owned())
        .filter(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        .collect()
}

/// `NAME` of every `%NAME%`.
fn place_holders(text: &str) -> BTreeSet<String> {
    let parts = text.split('%').skip(1).step_by(2);
    let is_name = |name: &&str| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    parts.filter(is_name).map(ToOwned::to_owned).collect()
}
