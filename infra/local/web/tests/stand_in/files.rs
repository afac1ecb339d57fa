//! Which file a path means, its type, and that no path leaves the folder.

use std::fs;
use std::os::unix::fs::symlink;

use azimuth_web::Overlay;
use serde_json::json;

use crate::support::{CONFIG, TestSite, serve};

#[tokio::test]
async fn pages_are_found_without_their_ending_and_folders_by_their_index() {
    let site = TestSite::new(&json!({}));
    site.file("about.html", "about");
    site.file("help/index.html", "help");
    site.file("한글 문서.txt", "korean");
    let running = site.start().await;
    for (path, text) in [
        ("/about", "about"),
        ("/about.html", "about"),
        ("/help", "help"),
        ("/help/", "help"),
        ("/%ED%95%9C%EA%B8%80%20%EB%AC%B8%EC%84%9C.txt", "korean"),
    ] {
        let answer = running.get(path).await;
        assert_eq!((answer.status, answer.text()), (200, text), "{path}");
    }
    for path in ["//about", "/help//index.html", "/about.html/", "/About"] {
        assert_eq!(running.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_configuration_s_types_come_before_the_known_ones() {
    let site = TestSite::new(&json!({"mimeTypes": {".json": "text/json", ".XYZ": "text/x-yz"}}));
    for name in ["a.json", "a.xyz", "a.mjs", "a.woff2", "a.unheard", "a.SVG"] {
        site.file(name, "x");
    }
    let running = site.start().await;
    for (path, kind) in [
        ("/a.json", "text/json"),
        ("/a.xyz", "text/x-yz"),
        ("/a.mjs", "text/javascript"),
        ("/a.woff2", "font/woff2"),
        ("/a.unheard", "application/octet-stream"),
        ("/a.SVG", "image/svg+xml"),
        ("/", "text/html"),
    ] {
        assert_eq!(
            running.get(path).await.header("content-type"),
            Some(kind),
            "{path}"
        );
    }
}

#[tokio::test]
async fn no_path_leaves_the_folder() {
    let site = TestSite::new(&json!({}));
    fs::write(site.outside().join("secret.txt"), "secret").unwrap();
    fs::create_dir(site.outside().join("dist-other")).unwrap();
    fs::write(site.outside().join("dist-other/secret.txt"), "secret").unwrap();
    let running = site.start().await;
    for path in [
        "/../secret.txt",
        "/a/../../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/%2E%2E%2Fsecret.txt",
        "/..\\secret.txt",
        "/%5c..%5csecret.txt",
        "/../dist-other/secret.txt",
        "/index.html%00.txt",
        "/%ff",
        "/%",
    ] {
        let answer = running.get(path).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(!answer.text().contains("secret"), "{path}");
    }
    for path in [
        "/%252e%252e/secret.txt",
        "/...//secret.txt",
        "/~/secret.txt",
    ] {
        assert_eq!(running.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_link_is_followed_inside_the_folder_only() {
    let site = TestSite::new(&json!({}));
    site.file("a.txt", "inside");
    fs::write(site.outside().join("secret.txt"), "secret").unwrap();
    symlink("a.txt", site.root().join("in.txt")).unwrap();
    symlink(
        site.outside().join("secret.txt"),
        site.root().join("out.txt"),
    )
    .unwrap();
    symlink(site.outside(), site.root().join("out")).unwrap();
    symlink("loop.txt", site.root().join("loop.txt")).unwrap();
    let running = site.start().await;
    assert_eq!(running.get("/in.txt").await.text(), "inside");
    for path in ["/out.txt", "/out/secret.txt", "/loop.txt"] {
        assert_eq!(running.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_configuration_itself_is_never_served() {
    let site = TestSite::new(&json!({"routes": [
        {"route": "/other", "rewrite": "/staticwebapp.config.json"},
    ]}));
    assert!(site.root().join(CONFIG).is_file());
    let running = site.start().await;
    for path in [
        "/staticwebapp.config.json",
        "/StaticWebApp.Config.json",
        "/other",
    ] {
        assert_eq!(running.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn an_overlay_stands_in_front_of_the_folder() {
    let mut site = TestSite::new(&json!({
        "routes": [{"route": "/config.json", "headers": {"Cache-Control": "no-store"}}],
    }));
    site.file("config.json", "of the build");
    let file = site.outside().join("mine");
    fs::write(&file, "{}").unwrap();
    site.overlays.push(Overlay {
        path: "/config.json".into(),
        file: file.clone(),
    });
    let running = site.start().await;
    let answer = running.get("/config.json").await;
    assert_eq!((answer.status, answer.text()), (200, "{}"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    fs::write(&file, "{\"a\":1}").unwrap();
    assert_eq!(running.get("/config.json").await.text(), "{\"a\":1}");
}

#[tokio::test]
async fn a_missing_root_or_overlay_is_an_error_at_start() {
    let mut site = TestSite::new(&json!({}));
    site.overlays.push(Overlay {
        path: "/config.json".into(),
        file: site.outside().join("none"),
    });
    let told = site.refused().await;
    assert!(
        told.contains("--overlay") && told.contains("none"),
        "{told}"
    );
    site.overlays.clear();
    fs::remove_dir_all(site.root()).unwrap();
    let told = site.refused().await;
    assert!(told.contains("--root"), "{told}");
}

#[tokio::test]
async fn a_path_that_is_too_long_is_refused() {
    let running = serve(&json!({})).await;
    for (length, status) in [(8191, 404), (8192, 404), (8193, 400)] {
        let path = format!("/{}", "a".repeat(length - 1));
        assert_eq!(running.get(&path).await.status, status, "{length}");
    }
}
