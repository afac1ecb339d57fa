//! Mistakes that nothing but this check would find, each made in a copy of the
//! folder: it must be found, and named.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use tempfile::TempDir;

use super::*;
use crate::app;
use crate::app::functions;

/// As large as it gets.
const ENVIRONMENT: &str = "prod";

#[tokio::test]
async fn the_folder_as_it_is_has_no_finding() {
    assert_eq!(Damaged::none().examine(Tests::All).await, [""; 0]);
}

#[tokio::test]
async fn a_typo_in_an_argument_is_named() {
    let damaged = Damaged::with(
        "cosmos.tf",
        "local_authentication_enabled ",
        "local_authentification_enabled ",
    );
    let found = damaged.examine(Tests::OfEnvironment).await;
    assert_found(&found, "cosmos.tf", "local_authentification_enabled");
}

#[tokio::test]
async fn a_typo_in_a_value_is_named() {
    let damaged = Damaged::with("function.tf", r#""custom""#, r#""custum""#);
    let found = damaged.examine(Tests::All).await;
    assert_found(
        &found,
        "Test assertion failed",
        "A custom handler on Flex Consumption",
    );
}

#[tokio::test]
async fn a_wrong_queue_name_is_named() {
    let damaged = Damaged::with("storage.tf", r#"["tool-calls", "#, r#"["tool-call", "#);
    let found = damaged.examine(Tests::OfEnvironment).await;
    for queue in ["tool-calls", "tool-calls-poison"] {
        assert_found(&found, queue, "is missing in Terraform");
    }
    assert_found(&found, r#""tool-call""#, "is missing in functions/");
}

#[tokio::test]
async fn a_missing_role_of_the_app_is_named() {
    let damaged = Damaged::with(
        "storage.tf",
        "    \"Storage Queue Data Contributor\",\n",
        "",
    );
    let found = damaged.examine(Tests::All).await;
    assert_found(&found, "Test assertion failed", "exactly three roles");
}

#[tokio::test]
async fn a_missing_role_of_people_is_named() {
    let damaged = Damaged::with("entra.tf", "    auditor  = ", "    auditors = ");
    let found = damaged.examine(Tests::OfEnvironment).await;
    assert_found(
        &found,
        r#"the app role "auditor""#,
        "is missing in Terraform",
    );
}

#[tokio::test]
async fn a_missing_unique_key_is_named() {
    let damaged = Damaged::with("cosmos.tf", r#"["/seq"]"#, "[]");
    let found = damaged.examine(Tests::OfEnvironment).await;
    assert_found(&found, r#"the container "audit""#, r#"unique key "/seq""#);
}

#[tokio::test]
async fn a_container_that_can_be_rewritten_is_named() {
    let damaged = Damaged::with(
        "cosmos.tf",
        "is_append_only = true",
        "is_append_only = false",
    );
    let found = damaged.examine(Tests::OfEnvironment).await;
    assert_found(&found, r#"the container "audit""#, "every operation");
}

#[tokio::test]
async fn a_property_without_its_index_is_named() {
    let damaged = Damaged::with("cosmos.tf", r#""dueAt", "#, "");
    let found = damaged.examine(Tests::OfEnvironment).await;
    assert_found(
        &found,
        r#"the container "conversations""#,
        "deletedAt dueAt item",
    );
}

#[tokio::test]
async fn tool_servers_that_the_package_lacks_are_named() {
    let damaged = Damaged::with("function.tf", r#""mcp.json""#, r#""servers.json""#);
    let found = damaged.examine(Tests::OfEnvironment).await;
    assert_found(
        &found,
        "AZIMUTH_MCP_SERVERS",
        r#"the package has "mcp.json""#,
    );
}

#[tokio::test]
async fn a_setting_that_nobody_reads_is_named() {
    let damaged = Damaged::with("function.tf", "AZIMUTH_QUOTAS ", "AZIMUTH_QUOTA  ");
    let found = damaged.examine(Tests::OfEnvironment).await;
    assert_found(
        &found,
        r#"the setting "AZIMUTH_QUOTA""#,
        "is missing in the handler",
    );
    assert_found(
        &found,
        r#"the setting "AZIMUTH_QUOTAS""#,
        "is missing in Terraform",
    );
}

#[tokio::test]
async fn a_machine_without_terraform_is_told_how_to_get_it() {
    let mut session = Session::begin().unwrap();
    let refused = program::refuse_missing(&mut session, "no-such-terraform").await;
    let told = refused.unwrap_err().to_string();
    assert!(
        told.contains("no-such-terraform cannot be started"),
        "{told}"
    );
    assert!(told.contains("Install Terraform 1.11"), "{told}");
}

/// Somewhere among the findings is one with both texts.
#[track_caller]
fn assert_found(found: &[String], one: &str, other: &str) {
    let is_there = found
        .iter()
        .any(|text| text.contains(one) && text.contains(other));
    assert!(is_there, "{one:?} with {other:?} is not among {found:#?}");
}

/// A copy of the folder, in which something may be wrong.
struct Damaged {
    repository: Repository,
    folder: TempDir,
}

impl Damaged {
    fn none() -> Self {
        let repository = Repository::find();
        let folder = tempfile::tempdir().unwrap();
        copy(&repository.root.join(FOLDER), folder.path());
        Self { repository, folder }
    }

    /// `instead` in the place of `of`, which the file has once.
    fn with(file: &str, of: &str, instead: &str) -> Self {
        let damaged = Self::none();
        let file = damaged.folder.path().join(file);
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text.matches(of).count(), 1, "{of:?} in {}", file.display());
        fs::write(&file, text.replace(of, instead)).unwrap();
        damaged
    }

    async fn examine(&self, tests: Tests) -> Vec<String> {
        let mut session = Session::begin().unwrap();
        let data = tempfile::tempdir().unwrap();
        let folder = self.folder.path();
        let examined = look(
            &mut session,
            &self.repository,
            folder,
            data.path(),
            &[(ENVIRONMENT, tests)],
        )
        .await
        .unwrap();
        let functions = functions::read(&self.repository.root.join("functions")).unwrap();
        let handler = handler(&self.repository);
        let names = name_findings(&self.repository, &examined, &functions, &handler).unwrap();
        let told = examined
            .checks
            .into_iter()
            .flat_map(|(_, findings)| findings);
        told.chain(names).collect()
    }
}

/// What `handler contract` prints. Written down here, since the handler need not
/// have been built; the test of the folder as it is tells when it is out of date.
fn handler(repository: &Repository) -> HandlerContract {
    let container = |name: &str, partition_key: &[&str], indexed: &str| Container {
        name: name.to_owned(),
        partition_key: partition_key.iter().map(ToString::to_string).collect(),
        unique_key: None,
        has_ttl: false,
        is_append_only: false,
        indexed: indexed.split_whitespace().map(ToOwned::to_owned).collect(),
    };
    let with_ttl = |container: Container| Container {
        has_ttl: true,
        ..container
    };
    let audit = Container {
        unique_key: Some("/seq".to_owned()),
        is_append_only: true,
        ..container(
            "audit",
            &["/tenantId", "/chain"],
            "at item kind oid outcome place seq tool turn",
        )
    };
    let example = app::json(&repository.root.join("local.settings.example.json")).unwrap();
    let settings = example["Values"].as_object().unwrap().keys();
    HandlerContract {
        triggers: Vec::new(),
        queues: vec!["tool-calls".to_owned(), "turns".to_owned()],
        containers: vec![
            with_ttl(container(
                "conversations",
                &["/tenantId", "/userId", "/conversationId"],
                "askedForApproval at awaitsApproval awaitsSignIn created deletedAt dueAt item \
                 listed said seq turn",
            )),
            audit,
            with_ttl(container("users", &["/tenantId", "/userId"], "userId")),
            with_ttl(container("tokens", &["/tenantId", "/userId"], "")),
            container("config", &["/tenantId", "/kind"], ""),
        ],
        roles: ["reader", "operator", "approver", "auditor", "admin"]
            .map(ToOwned::to_owned)
            .into(),
        scope: "access_as_user".to_owned(),
        settings: settings
            .filter(|name| name.starts_with("AZIMUTH_"))
            .cloned()
            .collect(),
        connection: "AzureWebJobsStorage".to_owned(),
        openapi: serde_json::Value::Null,
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
