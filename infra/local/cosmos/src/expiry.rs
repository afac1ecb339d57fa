//! Times to live: an item goes once `ttl` seconds have passed since its last write
//! (learn.microsoft.com/azure/cosmos-db/time-to-live). Cosmos shows nothing of it any
//! more at once; here it may stay half a second longer.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use azure_core::http::{Method, Request};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::Options;
use crate::account::Account;
use crate::definition::Definition;

/// How often items are looked for.
const EVERY: Duration = Duration::from_millis(500);

/// The containers whose items end.
pub struct Expiry {
    account: Arc<Account>,
    containers: Vec<(Url, Definition)>,
}

#[derive(Deserialize)]
struct Found {
    #[serde(rename = "Documents")]
    items: Vec<Ended>,
}

/// An item that has ended.
#[derive(Deserialize)]
struct Ended {
    id: String,
    etag: String,
    key: Vec<Value>,
}

impl Expiry {
    pub fn new(account: Arc<Account>, base: &Url, options: &Options) -> Self {
        let containers = options
            .containers
            .iter()
            .filter(|container| container.has_ttl)
            .filter_map(|container| {
                let path = format!("dbs/{}/colls/{}/docs", options.database, container.name);
                Some((base.join(&path).ok()?, container.clone()))
            });
        Self {
            containers: containers.collect(),
            account,
        }
    }

    /// Until it is aborted.
    pub async fn run(self) {
        let mut ticks = tokio::time::interval(EVERY);
        loop {
            ticks.tick().await;
            for (items, container) in &self.containers {
                for ended in self.ended(items, container).await.unwrap_or_default() {
                    self.remove(items, &ended).await;
                }
            }
        }
    }

    async fn ended(&self, items: &Url, container: &Definition) -> Option<Vec<Ended>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
        let key: Vec<String> = container
            .partition_key
            .iter()
            .map(|path| format!("c{}", path.replace('/', ".")))
            .collect();
        let query = format!(
            "SELECT VALUE {{\"id\": c.id, \"etag\": c._etag, \"key\": [{}]}} FROM c \
             WHERE c.ttl > 0 AND (c._ts + c.ttl) <= {now}",
            key.join(", ")
        );
        let mut request = Request::new(items.clone(), Method::Post);
        let headers = request.headers_mut();
        headers.insert("x-ms-documentdb-isquery", "true");
        headers.insert("content-type", "application/query+json");
        request.set_body(json!({"query": query}).to_string());
        let answer = self
            .account
            .emulator()
            .execute_request(&request)
            .await
            .ok()?;
        let answer = answer.try_into_raw_response().await.ok()?;
        let found: Found = serde_json::from_slice(answer.body().as_ref()).ok()?;
        Some(found.items)
    }

    /// Unless somebody has written it meanwhile.
    async fn remove(&self, items: &Url, ended: &Ended) {
        let mut url = items.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(&ended.id);
        }
        let mut request = Request::new(url, Method::Delete);
        let headers = request.headers_mut();
        let key = Value::Array(ended.key.clone()).to_string();
        headers.insert("x-ms-documentdb-partitionkey", key);
        headers.insert("if-match", ended.etag.clone());
        // Gone or written anew: either is well.
        let _answer = self.account.emulator().execute_request(&request).await;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::definition;

    const KEY: &str = r#"["t","u"]"#;

    async fn send(account: &Account, mut request: Request) -> u16 {
        request
            .headers_mut()
            .insert("x-ms-documentdb-partitionkey", KEY);
        let answer = account.emulator().execute_request(&request).await;
        let answer = answer.unwrap();
        u16::from(answer.status())
    }

    #[tokio::test]
    async fn an_item_goes_once_its_time_has_passed_and_no_other() {
        let options = Options {
            port: 0,
            database: "d".to_owned(),
            containers: definition::read(None).unwrap(),
            consistency: "Strong".to_owned(),
            is_multi_write: false,
            token: None,
        };
        let base = Url::parse("http://127.0.0.1:1/").unwrap();
        let account = Account::new(options.clone(), base.clone()).await;
        let account = Arc::new(account.unwrap());
        let items = base.join("dbs/d/colls/tokens/docs").unwrap();
        for (id, ttl) in [
            ("short", json!(1)),
            ("long", json!(1000)),
            ("ever", Value::Null),
        ] {
            let mut item = json!({"id": id, "tenantId": "t", "userId": "u"});
            if !ttl.is_null() {
                item["ttl"] = ttl;
            }
            let mut request = Request::new(items.clone(), Method::Post);
            request.set_body(item.to_string());
            assert_eq!(send(&account, request).await, 201);
        }
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(Expiry::new(account.clone(), &base, &options).run());
        let read = async |id: &str| {
            let url = Url::parse(&format!("{items}/{id}")).unwrap();
            send(&account, Request::new(url, Method::Get)).await
        };
        assert_eq!(read("short").await, 200);
        let gone = async {
            while read("short").await != 404 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), gone).await;
        waited.unwrap();
        assert_eq!((read("long").await, read("ever").await), (200, 200));
    }
}
