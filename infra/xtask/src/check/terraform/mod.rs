//! `infra/terraform`, held without Azure and without a network: its form, its
//! arguments against the providers' schemas, its own tests, its policies, and its
//! names against those of everything else.

mod containers;
mod events;
mod names;
mod plan;
mod policies;
mod program;
mod providers;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use super::contract::HandlerContract;
use crate::app::Function;
use crate::failure::Failure;
use crate::python;
use crate::repository::Repository;
use crate::session::Session;
pub use containers::Container;
use names::Product;
use plan::Plan;
use program::Terraform;
use providers::Providers;

const FOLDER: &str = "infra/terraform";
const STAGE: &str = "terraform";

/// The pinned packages of the stand-in providers.
const PROVIDER_PACKAGES: &str = "check/requirements.txt";

/// The run whose plan names are read from, in the one file of tests that looks at an
/// environment's settings as they are.
const AS_CONFIGURED: &str = "as_configured";
const ENVIRONMENT_TESTS: &str = "tests/environment.tftest.hcl";

/// Which tests run with the settings of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tests {
    All,
    /// Those of [`ENVIRONMENT_TESTS`]; the others bring what they look at.
    OfEnvironment,
}

/// Installations with a file of settings; each must be what the product needs.
const ENVIRONMENTS: [(&str, Tests); 3] = [
    ("dev", Tests::All),
    ("test", Tests::OfEnvironment),
    ("prod", Tests::OfEnvironment),
];

/// What Terraform says of the folder.
#[derive(Debug)]
pub struct Examined {
    /// Findings of each check, by its name.
    pub checks: Vec<(&'static str, Vec<String>)>,
    /// What would be made, by environment; none where an argument is wrong.
    plans: Vec<(&'static str, Plan)>,
}

/// Runs every check that needs no knowledge of the product. One that cannot be made
/// is a failure: it must never look like a pass.
pub async fn examine(session: &mut Session, repository: &Repository) -> Result<Examined, Failure> {
    let folder = repository.root.join(FOLDER);
    let data = repository.cache().join("terraform");
    let mut examined = match look(session, repository, &folder, &data, &ENVIRONMENTS).await {
        Err(Failure::Interrupted) => return Err(Failure::Interrupted),
        Err(failure) => Examined {
            checks: vec![("terraform", vec![failure.to_string()])],
            plans: Vec::new(),
        },
        Ok(examined) => examined,
    };
    let policies = match policies::findings(session, repository, &folder).await {
        Err(Failure::Interrupted) => return Err(Failure::Interrupted),
        Err(failure) => vec![failure.to_string()],
        Ok(findings) => findings,
    };
    examined.checks.push(("terraform policies", policies));
    Ok(examined)
}

/// The names in every plan against those of the product.
pub fn name_findings(
    repository: &Repository,
    examined: &Examined,
    functions: &[Function],
    handler: &HandlerContract,
) -> Result<Vec<String>, Failure> {
    let read = |name: &str| {
        let file = repository.root.join(name);
        fs::read_to_string(&file).map_err(Failure::file("read", &file))
    };
    let product = Product {
        functions,
        handler,
        portal_config: &read("static-web/src/app/config.ts")?,
        site_config: &read("static-web/public/staticwebapp.config.json")?,
    };
    let mut findings = Vec::new();
    for (environment, plan) in &examined.plans {
        let found = names::findings(plan, product).into_iter();
        findings.extend(found.map(|finding| format!("{environment}: {finding}")));
    }
    if examined.plans.is_empty() {
        findings.push("there is no plan to read names from; see above".to_owned());
    }
    Ok(findings)
}

/// `data` takes what Terraform keeps; `folder` stays as it is.
async fn look(
    session: &mut Session,
    repository: &Repository,
    folder: &Path,
    data: &Path,
    environments: &[(&'static str, Tests)],
) -> Result<Examined, Failure> {
    program::refuse_missing(session, program::PROGRAM).await?;
    let packages = folder.join(PROVIDER_PACKAGES);
    let python = python::provide(session, repository, &packages, None).await?;
    let providers = Providers::start(&python, &folder.join("check")).await?;
    let terraform = Terraform::new(folder, data, providers.reattach());
    let examined = ask(session, &terraform, environments).await;
    providers.stop().await;
    examined
}

async fn ask(
    session: &mut Session,
    terraform: &Terraform,
    environments: &[(&'static str, Tests)],
) -> Result<Examined, Failure> {
    let format = terraform.format(session).await?;
    let arguments = terraform.validate(session).await?;
    let is_valid = arguments.is_empty();
    let mut examined = Examined {
        checks: vec![
            ("terraform format", format),
            ("terraform arguments", arguments),
        ],
        plans: Vec::new(),
    };
    let mut failed = Vec::new();
    if !is_valid {
        failed.push("not run: see above".to_owned());
    }
    for (environment, tests) in environments.iter().filter(|_| is_valid) {
        let told = terraform.test(session, environment, *tests).await?;
        let findings = told.findings.iter();
        failed.extend(findings.map(|finding| format!("{environment}: {finding}")));
        let plan = told.plan.map(|plan| (*environment, plan));
        examined.plans.extend(plan);
    }
    examined.checks.push(("terraform tests", failed));
    Ok(examined)
}

/// Settings of an environment, relative to the folder.
fn settings_file(environment: &str) -> PathBuf {
    Path::new("env").join(format!("{environment}.tfvars"))
}
