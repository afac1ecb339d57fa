//! Point 8: which path reaches the handler.

use crate::support::{TestApp, queue_function};

#[tokio::test]
async fn a_proxied_path_and_query_arrive_byte_for_byte() {
    let app = TestApp::new().start().await;
    for target in [
        "/api",
        "/api/",
        "/api/v1/turns/t_1?after=3",
        "/api/a%20b/%C3%A9?q=a+b&q=c%2Fd&empty=&flag",
        "/api//double///slash",
        "/api/one%2Fsegment",
        "/api/..%2Fwork",
        "/api/admin/users",
        "/API/Case/Kept",
        "/api/semi;colon:@!$&'()*+,=",
    ] {
        assert_eq!(app.get(target).await.status, 200, "{target}");
        let last = app.events_of("request").pop().unwrap();
        assert_eq!(last["target"], target);
    }
}

#[tokio::test]
async fn dot_segments_never_leave_the_prefix() {
    let app = TestApp::new().start().await;
    for target in [
        "/api/../work",
        "/api/%2e%2e/work",
        "/api/x/../../work",
        "/api/./../work",
    ] {
        assert_eq!(app.get(target).await.status, 404, "{target}");
        assert_eq!(app.post(target, &[], "{}").await.status, 404, "{target}");
    }
    assert_eq!(app.get("/api/a/../b/./c").await.status, 200);
    let last = app.events_of("request").pop().unwrap();
    assert_eq!(last["target"], "/api/b/c");
    assert!(app.requests("/work").is_empty());
}

#[tokio::test]
async fn an_invocation_goes_to_the_function_s_name_in_its_own_case_without_prefix() {
    let app = TestApp::new()
        .function("Mixed_Case-Name", &queue_function("mixed"))
        .start()
        .await;
    app.queue.put("mixed", "x").await;
    let request = app.request("/Mixed_Case-Name").await;
    assert_eq!(request["target"], "/Mixed_Case-Name");
    // From outside the same path is none of the application's.
    assert_eq!(app.post("/Mixed_Case-Name", &[], "{}").await.status, 404);
    assert_eq!(app.requests("/Mixed_Case-Name").len(), 1);
}

#[tokio::test]
async fn malformed_and_overlong_targets_are_refused() {
    let app = TestApp::new().start().await;
    assert_eq!(app.get("/api/a%00b").await.status, 400);
    assert_eq!(
        app.get(&format!("/api/{}", "x".repeat(9000))).await.status,
        414
    );
    assert_eq!(
        app.events_of("request").len(),
        1,
        "only the readiness request"
    );
}
