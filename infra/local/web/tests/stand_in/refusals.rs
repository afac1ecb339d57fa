//! What the stand-in does not do it refuses at start, by the setting's name.

use std::fs;

use serde_json::{Value, json};

use crate::support::{CONFIG, TestSite, refusal};

async fn refused(config: Value, told: &[&str]) {
    let text = refusal(&config).await;
    for part in told {
        assert!(text.contains(part), "{text} (expected {part})");
    }
}

#[tokio::test]
async fn what_the_service_does_and_the_stand_in_does_not_is_named() {
    for name in ["auth", "networking", "forwardingGateway", "platform"] {
        refused(json!({name: {}}), &[name, "not supported by this stand-in"]).await;
    }
    for (config, setting) in [
        (json!({"routes": [{"route": "/api/*"}]}), "routes[0].route"),
        (
            json!({"routes": [{"route": "/.auth/login/aad"}]}),
            "routes[0].route",
        ),
        (
            json!({"routes": [{"route": "/a", "rewrite": "/api/a"}]}),
            "routes[0].rewrite",
        ),
        (
            json!({"routes": [{"route": "/a", "allowedRoles": ["admin"]}]}),
            "allowedRoles",
        ),
        (
            json!({"navigationFallback": {"rewrite": "/api/a"}}),
            "navigationFallback.rewrite",
        ),
        (json!({"trailingSlash": "always"}), "trailingSlash"),
    ] {
        refused(config, &[setting, "supported by this stand-in"]).await;
    }
}

#[tokio::test]
async fn what_nobody_knows_is_named() {
    for (config, setting) in [
        (json!({"route": []}), "route: is not a known setting"),
        (
            json!({"routes": [{"route": "/a", "header": {}}]}),
            "routes[0].header:",
        ),
        (
            json!({"navigationFallback": {"rewrite": "/a", "excludes": []}}),
            "navigationFallback.excludes:",
        ),
        (
            json!({"responseOverrides": {"404": {"rewrit": "/a"}}}),
            "responseOverrides.404.rewrit:",
        ),
        (
            json!({"responseOverrides": {"500": {}}}),
            "responseOverrides.500:",
        ),
    ] {
        refused(config, &[setting]).await;
    }
}

#[tokio::test]
async fn a_value_that_cannot_be_served_is_named() {
    for (config, setting) in [
        (json!([]), "(root): must be an object"),
        (json!({"routes": {}}), "routes: must be a list"),
        (json!({"routes": [1]}), "routes[0]: must be an object"),
        (json!({"routes": [{}]}), "routes[0].route: is missing"),
        (
            json!({"routes": [{"route": "a"}]}),
            "routes[0].route: must begin with /",
        ),
        (
            json!({"routes": [{"route": "/a*/b"}]}),
            "routes[0].route: may have one *",
        ),
        (
            json!({"routes": [{"route": "/a", "methods": ["FETCH"]}]}),
            "\"FETCH\" is no method",
        ),
        (
            json!({"routes": [{"route": "/a", "methods": "GET"}]}),
            "methods: must be a list of strings",
        ),
        (
            json!({"routes": [{"route": "/a", "redirect": "b"}]}),
            "redirect: must be a path",
        ),
        (
            json!({"routes": [{"route": "/a", "redirect": "javascript:x"}]}),
            "redirect: must be a path",
        ),
        (
            json!({"routes": [{"route": "/a", "redirect": "/b", "rewrite": "/c"}]}),
            "beside rewrite",
        ),
        (
            json!({"routes": [{"route": "/a", "redirect": "/b", "statusCode": 200}]}),
            "of a redirect",
        ),
        (
            json!({"routes": [{"route": "/a", "statusCode": 302}]}),
            "3xx needs redirect",
        ),
        (
            json!({"routes": [{"route": "/a", "statusCode": 99}]}),
            "from 200 to 599",
        ),
        (
            json!({"routes": [{"route": "/a", "statusCode": "x"}]}),
            "must be a whole number",
        ),
        (
            json!({"globalHeaders": {"a b": "c"}}),
            "globalHeaders.a b: is no name",
        ),
        (
            json!({"globalHeaders": {"A": "b\r\nC: d"}}),
            "globalHeaders.A: is no value",
        ),
        (
            json!({"globalHeaders": {"A": 1}}),
            "globalHeaders.A: must be a string",
        ),
        (
            json!({"globalHeaders": {"A": "1", "a": "2"}}),
            "stands there twice",
        ),
        (
            json!({"globalHeaders": {"Content-Encoding": "br"}}),
            "is for the server to set",
        ),
        (
            json!({"navigationFallback": {}}),
            "navigationFallback.rewrite: is missing",
        ),
        (
            json!({"navigationFallback": {"rewrite": "/a", "exclude": ["x"]}}),
            "\"x\" must begin with /",
        ),
        (
            json!({"mimeTypes": {"json": "a/b"}}),
            "must be an extension",
        ),
        (
            json!({"mimeTypes": {".json": "text"}}),
            "must be a media type",
        ),
    ] {
        refused(config, &[CONFIG, setting]).await;
    }
}

#[tokio::test]
async fn what_has_no_effect_here_is_taken() {
    let site = TestSite::new(&json!({
        "$schema": "https://json.schemastore.org/staticwebapp.config.json",
        "trailingSlash": "auto",
        "routes": [{"route": "/*", "allowedRoles": ["anonymous"]}],
    }));
    assert_eq!(site.start().await.get("/").await.status, 200);
}

#[tokio::test]
async fn the_file_may_have_20_kilobytes() {
    let site = TestSite::new(&json!({}));
    for (length, is_good) in [(20_479, true), (20_480, true), (20_481, false)] {
        let padded = format!("{{}}{}", " ".repeat(length - 2));
        site.file(CONFIG, padded);
        let started = azimuth_web::WebServer::start(site.options(), 0, site.log.clone()).await;
        assert_eq!(started.is_ok(), is_good, "{length}");
    }
    assert!(site.refused().await.contains("20480 bytes"));
}

#[tokio::test]
async fn a_file_that_is_no_json_or_missing_is_told() {
    let site = TestSite::new(&json!({}));
    site.file(CONFIG, "{");
    assert!(site.refused().await.contains("is not JSON"));
    fs::remove_file(site.root().join(CONFIG)).unwrap();
    assert!(site.refused().await.contains("cannot be read"));
}
