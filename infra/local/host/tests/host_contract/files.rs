//! The files of the script root: the repository's own, and what is wrong in others.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use azimuth_host::settings::{MessageEncoding, ScriptRoot, Trigger};
use serde_json::{Value, json};

use crate::support::{TestApp, http_function, queue_function, timer_function};

/// `host.json` and `functions/*` of this repository, laid out as `dist/app`.
fn repository() -> (tempfile::TempDir, ScriptRoot) {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let dir = tempfile::TempDir::new().unwrap();
    symlink(
        fs::canonicalize(top.join("host.json")).unwrap(),
        dir.path().join("host.json"),
    )
    .unwrap();
    for entry in fs::read_dir(top.join("functions")).unwrap() {
        let folder: PathBuf = fs::canonicalize(entry.unwrap().path()).unwrap();
        symlink(&folder, dir.path().join(folder.file_name().unwrap())).unwrap();
    }
    let root = ScriptRoot::read(dir.path(), BTreeMap::new()).unwrap();
    (dir, root)
}

#[test]
fn the_repository_s_host_json_says_what_the_architecture_does() {
    let (_dir, root) = repository();
    assert_eq!(root.host.function_timeout, Some(Duration::from_mins(10)));
    assert_eq!(root.host.route_prefix, "api");
    assert_eq!(root.host.custom_handler.executable, "handler");
    let queues = &root.host.queues;
    assert_eq!((queues.batch_size, queues.new_batch_threshold), (1, 3));
    assert_eq!(queues.max_polling_interval, Duration::from_millis(200));
    assert_eq!(queues.visibility_timeout, Duration::from_secs(15));
    assert_eq!(queues.max_dequeue_count, 5);
    assert_eq!(queues.message_encoding, MessageEncoding::None);
}

#[test]
fn the_repository_s_functions_have_their_triggers() {
    let (_dir, root) = repository();
    let triggers: Vec<(String, String)> = root
        .functions
        .iter()
        .map(|function| {
            let trigger = match &function.trigger {
                Trigger::Http(trigger) => {
                    assert!(trigger.route.matches("/api/v1/anything"));
                    assert_eq!(trigger.methods.len(), 7);
                    format!("http {}", trigger.auth_level)
                }
                Trigger::Queue(trigger) => {
                    format!("queue {} as {}", trigger.queue, trigger.binding)
                }
                Trigger::Timer(_) => "timer".to_owned(),
            };
            (function.name.clone(), trigger)
        })
        .collect();
    let expected = [
        ("advance-turn", "queue turns as item"),
        ("advance-turn-poison", "queue turns-poison as item"),
        ("api", "http anonymous"),
        ("execute-tool", "queue tool-calls as item"),
        ("execute-tool-poison", "queue tool-calls-poison as item"),
        ("sign-audit", "timer"),
        ("sweep", "timer"),
    ];
    let expected = expected.map(|(name, trigger)| (name.to_owned(), trigger.to_owned()));
    assert_eq!(triggers, expected);
}

async fn refusal(mut app: TestApp) -> String {
    app.try_start().await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_wrong_host_json_is_refused_by_file_and_setting() {
    let cases: [(&str, Value, &str); 11] = [
        (
            "/version",
            json!("1.0"),
            "host.json: version: \"1.0\" is not \"2.0\"",
        ),
        (
            "/functionTimeout",
            json!("ten minutes"),
            "host.json: functionTimeout: \"ten minutes\" is neither",
        ),
        (
            "/configurationProfile",
            json!("mcp-custom-handler"),
            "host.json: configurationProfile: profiles cannot",
        ),
        (
            "/extensions/queues/batchSize",
            json!(33),
            "host.json: extensions.queues.batchSize: 33 is not a whole number from 1 to 32",
        ),
        (
            "/extensions/queues/maxPollingInterval",
            json!("00:00:00.050"),
            "host.json: extensions.queues.maxPollingInterval: is below",
        ),
        (
            "/extensions/queues/messageEncoding",
            json!("utf8"),
            "host.json: extensions.queues.messageEncoding: \"utf8\"",
        ),
        (
            "/extensions/blobs",
            json!({}),
            "host.json: extensions.blobs: is not supported",
        ),
        ("/retry", json!({}), "host.json: retry: is not supported"),
        (
            "/customHandler/enableForwardingHttpRequest",
            json!(true),
            "host.json: customHandler.enableForwardingHttpRequest: forwarding is not emulated",
        ),
        (
            "/customHandler/enableProxyingHttpRequest",
            json!(false),
            "host.json: customHandler.enableProxyingHttpRequest: must be true",
        ),
        (
            "/customHandler/description",
            json!({}),
            "host.json: customHandler.description.defaultExecutablePath: is missing",
        ),
    ];
    for (pointer, value, expected) in cases {
        let text = refusal(TestApp::new().host_setting(pointer, value)).await;
        assert!(text.contains(expected), "{text}");
    }
}

#[tokio::test]
async fn a_wrong_function_json_is_refused_by_file_and_setting() {
    let binding = |name: &str, value: Value| {
        let mut function = queue_function("items");
        function["bindings"][0][name] = value;
        function
    };
    let mut no_output = http_function("x", &[]);
    no_output["bindings"].as_array_mut().unwrap().pop();
    let cases = [
        (
            json!({"bindings": []}),
            "work/function.json: bindings: there is no trigger",
        ),
        (
            binding("type", json!("blobTrigger")),
            "work/function.json: bindings[0].type: \"blobTrigger\"",
        ),
        (
            binding("queueName", json!("Not A Queue")),
            "work/function.json: bindings[0].queueName: \"Not A Queue\" is not a queue name",
        ),
        (
            binding("queueName", json!("%ABSENT%")),
            "work/function.json: bindings[0].queueName: the setting %ABSENT% is not set",
        ),
        (
            binding("name", json!("9item")),
            "work/function.json: bindings[0].name: \"9item\" is not a binding name",
        ),
        (
            binding("surprise", json!(1)),
            "work/function.json: bindings[0].surprise: is not supported",
        ),
        (
            timer_function("every day"),
            "work/function.json: bindings[0].schedule: \"every day\": is not six fields",
        ),
        (
            http_function("{id:int}", &[]),
            "work/function.json: bindings[0].route: the segment \"{id:int}\"",
        ),
        (
            no_output,
            "work/function.json: bindings: needs exactly 1 binding(s) of type http",
        ),
    ];
    for (function, expected) in cases {
        let text = refusal(TestApp::new().function("work", &function)).await;
        assert!(text.contains(expected), "{text}");
    }
    let text = refusal(TestApp::new().function("9work", &queue_function("items"))).await;
    assert!(
        text.contains("9work/function.json: (folder name): \"9work\" is not a function name"),
        "{text}"
    );
}

#[tokio::test]
async fn files_that_are_no_json_are_named() {
    let text = refusal(TestApp::new().file("local.settings.json", "{")).await;
    assert!(text.contains("local.settings.json: is not JSON"), "{text}");
    let text =
        refusal(TestApp::new().file("local.settings.json", r#"{"IsEncrypted": true}"#)).await;
    assert!(
        text.contains("local.settings.json: IsEncrypted: encrypted"),
        "{text}"
    );
    let text = refusal(TestApp::new().file("work/function.json", "[]")).await;
    assert!(
        text.contains("work/function.json: (root): must be an object"),
        "{text}"
    );
}

#[tokio::test]
async fn functions_can_be_disabled_and_only_direct_folders_count() {
    let mut app = TestApp::new()
        .function(
            "off",
            &json!({"disabled": true, "bindings": queue_function("items")["bindings"]}),
        )
        .function("nested/deeper", &queue_function("deeper"))
        .function("setting-off", &queue_function("other"))
        .function("unlisted", &queue_function("unlisted"))
        .host_setting("/functions", json!(["api", "WORK", "off", "setting-off"]));
    app.environment
        .insert("AzureWebJobs.setting-off.Disabled".into(), "True".into());
    let app = app.start().await;
    app.ready().await;
    let root = ScriptRoot::read(&app.root(), app.environment.clone()).unwrap();
    let names: Vec<&str> = root
        .functions
        .iter()
        .map(|function| function.name.as_str())
        .collect();
    assert_eq!(names, ["api", "work"]);
}

#[tokio::test]
async fn names_of_settings_are_read_without_regard_to_case() {
    let app = TestApp::new()
        .host_setting("/FUNCTIONTIMEOUT", "00:00:30")
        .function("work", &json!({"Bindings": [{"TYPE": "QueueTrigger", "Name": "item", "queuename": "%QUEUE%"}]}))
        .file("local.settings.json", r#"{"values": {"QUEUE": "from-settings"}}"#);
    let app = app.start().await;
    app.queue.put("from-settings", "x").await;
    app.request("/work").await;
}
