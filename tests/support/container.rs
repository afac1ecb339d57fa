//! A blob container on Azurite, made and read with its account's key
//! (learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key).

use aws_lc_rs::hmac;
use azimuth_stack::azurite::{Account, KEY};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Method, Response, Url};

const VERSION: &str = "2021-12-02";

/// A container of an account.
pub struct Container {
    account: String,
    url: Url,
    client: Client,
}

impl Container {
    /// Makes one.
    pub async fn make(account: &Account, name: &str) -> Self {
        let container = Self {
            account: account.name.clone(),
            url: format!("{}/{name}", account.endpoint).parse().unwrap(),
            client: Client::builder().no_proxy().build().unwrap(),
        };
        let mut url = container.url.clone();
        url.set_query(Some("restype=container"));
        let made = container.ask(Method::PUT, url).await;
        assert_eq!(made.status(), 201, "{made:?}");
        container
    }

    /// Its address.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// What lies there; `None` where nothing does.
    pub async fn blob(&self, name: &str) -> Option<Vec<u8>> {
        let url: Url = format!("{}/{name}", self.url).parse().unwrap();
        let answer = self.ask(Method::GET, url).await;
        match answer.status().as_u16() {
            200 => Some(answer.bytes().await.unwrap().to_vec()),
            404 => None,
            other => panic!("{name}: {other}"),
        }
    }

    async fn ask(&self, method: Method, url: Url) -> Response {
        // Its own clock, so that none here need be written as a date.
        let unsigned = self.client.get(self.url.clone()).send().await.unwrap();
        let date = unsigned.headers()["date"].to_str().unwrap().to_owned();
        let query = url.query().map(|query| query.replace('=', ":"));
        let mut lines = vec![method.to_string()];
        // No header but ours.
        lines.extend(std::iter::repeat_n(String::new(), 11));
        lines.push(format!("x-ms-date:{date}"));
        lines.push(format!("x-ms-version:{VERSION}"));
        lines.push(format!("/{}{}", self.account, url.path()));
        lines.extend(query);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(KEY).unwrap());
        let signature = STANDARD.encode(hmac::sign(&key, lines.join("\n").as_bytes()));
        let request = self
            .client
            .request(method, url)
            .header("x-ms-date", date)
            .header("x-ms-version", VERSION)
            .header(
                "authorization",
                format!("SharedKey {}:{signature}", self.account),
            );
        request.send().await.unwrap()
    }
}
