//! `handler policy check` as it is called.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

/// Exit code and standard output.
fn check(folder: &Path) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_handler"))
        .args(["policy", "check"])
        .arg(folder)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), text)
}

#[test]
fn the_built_in_policies_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../app/policies");
    let (code, text) = check(&folder);
    assert_eq!(code, 0, "{text}");
    assert!(text.ends_with("0 faults\n"), "{text}");
}

#[test]
fn a_case_names_a_tool_of_the_catalogue_and_a_fault_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "own.cedar",
        r#"@id("own") permit (principal, action, resource)
           when { resource.name == "keyvault_key_create" };"#,
    );
    let cases = |expect: &str| {
        format!(
            "{{\"cases\": [\n{{\"name\": \"keys\", \"tool\": \"azure/keyvault_key_create\", \"expect\": \"{expect}\"}}]}}"
        )
    };
    write("own.test.json", &cases("allow"));
    assert_eq!(check(folder.path()).0, 0);
    write("own.test.json", &cases("deny:not_permitted"));
    let (code, text) = check(folder.path());
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("own.test.json:2: \"keys\" expects"), "{text}");
    write("own.cedar", "permit");
    let (code, text) = check(folder.path());
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("own.cedar:1: column"), "{text}");
    assert_eq!(check(&folder.path().join("nothing")).0, 2);
}
