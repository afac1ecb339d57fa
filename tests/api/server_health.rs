//! What an administrator sees of the tool servers.

use azimuth_tests::app::{AppShape, TestApp};
use azimuth_tests::script::Script;
use serde_json::json;

#[tokio::test]
async fn an_administrator_sees_what_servers_reach_and_what_holds_them_back() {
    let app = TestApp::start(AppShape::with(Script::clerk())).await;
    let dave = app.person("dave").await;
    let reply = dave.get("/v1/admin/health").await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.body,
        json!({"servers": [{
            "name": "fake",
            "ok": true,
            "detail": "as told",
            "hosts": ["management.azure.test:443"],
            "confinement": "advisory",
            "confines_files": false,
            "confines_connections": false,
            "confinement_detail": "it is played",
        }]})
    );
}
