#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use tempfile::TempDir;

use super::*;

const READ: &str = r#"@id("read") permit (principal, action, resource);"#;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Faults without the folder's name.
fn faults(files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    let report = check_folder(folder.path(), &Catalogue::default()).unwrap();
    let place = folder.path().display().to_string();
    let told = report.faults.iter().map(ToString::to_string);
    told.map(|text| text.replace(&place, "DIR")).collect()
}

#[test]
fn the_built_in_policies_pass_their_own_tests() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let report = check_folder(&folder, &Catalogue::default()).unwrap();
    assert_eq!(report.faults, []);
    assert!(report.cases >= 20 && report.files == 2, "{report:?}");
}

#[test]
fn faults_are_told_with_file_and_line() {
    let cases = r#"{"cases": [
        {"name": "reads", "tool": {"effect": "read_only"}, "expect": "allow"},
        {"name": "wrong", "tool": {"effect": "read_only"}, "expect": "approval:asker"},
        {"name": "no such", "tool": "azure/nothing", "expect": "allow"},
        {"name": "no moment", "tool": {"effect": "read_only"}, "at": "noon", "expect": "allow"}
    ]}"#;
    assert_eq!(
        faults(&[("a.cedar", READ), ("a.test.json", cases)]),
        [
            r#"DIR/a.test.json:3: "wrong" expects "approval:asker" and gets "allow""#,
            r#"DIR/a.test.json:4: "no such" names the tool "azure/nothing", which no catalogue has"#,
            r#"DIR/a.test.json:5: "no moment" has "noon", which is no moment"#,
        ]
    );
    let told = faults(&[("a.cedar", READ), ("b.cedar", "\n  permit;")]);
    assert!(told[0].starts_with("DIR/b.cedar:2: column"), "{told:?}");
    let told = faults(&[("a.cedar", READ), ("b.cedar", READ)]);
    assert!(
        told[0].contains("the files together: another policy has the id"),
        "{told:?}"
    );
    let told = faults(&[("a.cedar", READ), ("a.test.json", "{\"cases\": [\n{}]}")]);
    assert!(
        told[0].starts_with("DIR/a.test.json:2: these are no cases"),
        "{told:?}"
    );
    assert_eq!(
        faults(&[("a.txt", READ)]),
        ["DIR: there is no *.cedar file"]
    );
}

#[test]
fn what_is_forbidden_everywhere_is_forbidden_here() {
    let cases = r#"{"cases": [{"name": "elsewhere", "tool": {"effect": "read_only"},
        "arguments": {"tenant": "00000000-0000-4000-8000-000000000002"},
        "expect": "deny:foreign_tenant"}]}"#;
    for files in [
        vec![("a.cedar", READ), ("a.test.json", cases)],
        vec![
            ("a.cedar", READ),
            ("f.cedar", BUILT_IN_FORBIDS),
            ("a.test.json", cases),
        ],
    ] {
        assert_eq!(faults(&files), [""; 0]);
    }
}

#[test]
fn a_case_names_a_tool_of_the_catalogue_or_describes_one() {
    let policies = r#"@id("read") permit (principal, action, resource)
        when { resource.effect == Azimuth::Effect::"read_only" };
        @id("some") @approval("asker") permit (principal, action, resource)
        when { resource.server == "azure" && resource.name == "some_tool" };"#;
    let cases = r#"{"cases": [
        {"name": "reads", "tool": "azure/read", "expect": "allow"},
        {"name": "changes", "tool": "azure/change", "expect": "deny:not_permitted"},
        {"name": "described", "tool": {"effect": "mutating"}, "expect": "approval:asker"}
    ]}"#;
    let described = |name: &str, effect| {
        let description = Description {
            server: azure(),
            name: name.to_owned(),
            effect,
            secret: false,
            availability: enabled(),
            scope: usual_scope(),
            shared_identity: false,
            enabled_by_name: false,
        };
        description.spec()
    };
    let catalogue = Catalogue {
        tools: vec![
            described("change", EffectClass::Mutating),
            described("read", EffectClass::ReadOnly),
        ],
        ..Catalogue::default()
    };
    let folder = folder(&[("a.cedar", policies), ("a.test.json", cases)]);
    let report = check_folder(folder.path(), &catalogue).unwrap();
    assert_eq!((report.cases, report.faults), (3, vec![]));
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    assert!(check_folder(Path::new("/nowhere/at/all"), &Catalogue::default()).is_err());
}
