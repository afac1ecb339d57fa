//! The archive on Azurite, and against a double that says what Azurite does not.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method as Verb, StatusCode as Status, Uri};
use axum::response::{IntoResponse, Response};
use azimuth_domain::audit::digest::DigestKey;
use azimuth_domain::time::Timestamp;
use azimuth_embedded::SystemClock;
use azimuth_ports::tokens::Secret;
use azimuth_stack::azurite::{Account as OnAzurite, Azurite, KEY};
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::OffsetDateTime;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::*;
use crate::loopback::{Loopback, StandingClock, closed_port};

const TENANT: &str = "7f3a9d52-0c1e-4b7a-9f66-1c2d3e4f5a6b";
const SHORT: Patience = Patience {
    once: Duration::from_millis(400),
    whole: Duration::from_secs(3),
};

fn digest(number: u64) -> Digest {
    let key = DigestKey::new([7; 32]);
    let before = (number > 1).then_some((number - 1, "00"));
    let mut digest = Digest::next(before, TENANT, Timestamp(1), Vec::new(), &key);
    digest.signature = "ab".repeat(64);
    digest
}

/// It ends with the program: nobody drops what is static.
/// So does its folder, where it may still be at work when it listens.
static AZURITE: OnceCell<(TempDir, Azurite)> = OnceCell::const_new();

/// An archive in a container of its own.
async fn on_azurite() -> BlobArchive {
    let azurite = AZURITE.get_or_init(|| async {
        let folder = tempfile::tempdir().unwrap();
        let azurite = Azurite::start_blobs(folder.path(), &[]).await.unwrap();
        (folder, azurite)
    });
    let (_, azurite) = azurite.await;
    let archive = archive_of(&azurite.account());
    let mut url = archive.container.clone();
    url.set_query(Some("restype=container"));
    let mut headers = vec![("x-ms-version", VERSION.to_owned())];
    let signed = archive
        .account
        .sign(&Method::PUT, &url, &mut headers, &SystemClock);
    signed.await.unwrap();
    let mut made = archive.client.put(url);
    for (name, value) in headers {
        made = made.header(name, value);
    }
    assert_eq!(made.send().await.unwrap().status(), Status::CREATED);
    archive
}

fn archive_of(account: &OnAzurite) -> BlobArchive {
    let settings = ArchiveSettings {
        container_url: format!("{}/audit-digests", account.endpoint),
        access: ArchiveAccess::SharedKey {
            account: account.name.clone(),
            key: Secret::new(KEY),
        },
        egress: Egress::default(),
    };
    BlobArchive::new(&settings, Arc::new(SystemClock)).unwrap()
}

#[tokio::test]
async fn a_digest_is_written_once_and_another_of_its_number_is_told() {
    let archive = on_azurite().await;
    for number in 1..=3 {
        assert_eq!(archive.put(&digest(number)).await, Ok(Archived::Added));
    }
    assert_eq!(archive.put(&digest(2)).await, Ok(Archived::Known));
    for (number, is_there) in [(1, true), (3, true), (4, false)] {
        assert_eq!(archive.has(TENANT, number).await, Ok(is_there), "{number}");
    }
    let mut other = digest(2);
    other.at = Timestamp(2);
    let different = BlobError::Different {
        tenant: TENANT.to_owned(),
        number: 2,
    };
    assert_eq!(archive.put(&other).await, Err(different));
    assert_eq!(archive.put(&digest(2)).await, Ok(Archived::Known));
}

#[tokio::test]
async fn of_several_that_write_at_once_one_adds() {
    let archive = on_azurite().await;
    let same = digest(1);
    let puts = futures::future::join_all((0..8).map(|_| archive.put(&same))).await;
    let added = puts.iter().filter(|put| **put == Ok(Archived::Added));
    assert_eq!(added.count(), 1, "{puts:?}");
    assert!(puts.iter().all(Result::is_ok), "{puts:?}");
}

#[derive(Debug)]
struct Tokens;

#[async_trait]
impl TokenCredential for Tokens {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        assert_eq!(scopes, ["https://storage.azure.com/.default"]);
        let ends = OffsetDateTime::UNIX_EPOCH + Duration::from_hours(1_000_000);
        Ok(AccessToken::new("t0ken".to_owned(), ends))
    }
}

type Asked = (Verb, String, HeaderMap, String);

/// Answers a PUT with one status and a GET with one body.
async fn double(put: u16, get: &'static str) -> (Loopback, BlobArchive, Arc<Mutex<Vec<Asked>>>) {
    let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
    let log = Arc::clone(&asked);
    let router = Router::new().fallback(
        move |verb: Verb, uri: Uri, headers: HeaderMap, body: Bytes| async move {
            let body = String::from_utf8(body.to_vec()).unwrap();
            let mut log = log.lock().unwrap();
            log.push((verb.clone(), uri.path().to_owned(), headers, body));
            answer(&verb, put, get)
        },
    );
    let (server, ca_pem) = Loopback::over_tls(router).await;
    let settings = ArchiveSettings {
        container_url: server.url("/audit-digests/"),
        access: ArchiveAccess::Token(Arc::new(Tokens)),
        egress: Egress {
            ca_pem: Some(ca_pem),
            ..Egress::default()
        },
    };
    let archive = BlobArchive::patient(&settings, Arc::new(StandingClock), SHORT).unwrap();
    (server, archive, asked)
}

fn answer(verb: &Verb, put: u16, get: &'static str) -> Response {
    if verb == Verb::GET {
        get.into_response()
    } else {
        Status::from_u16(put).unwrap().into_response()
    }
}

#[tokio::test]
async fn a_token_writes_what_is_stored_under_tenant_and_number_if_nothing_is_there() {
    let (_server, archive, asked) = double(201, "").await;
    assert_eq!(archive.put(&digest(5)).await, Ok(Archived::Added));
    let asked = asked.lock().unwrap();
    let [(verb, path, headers, body)] = asked.as_slice() else {
        panic!("{} requests", asked.len());
    };
    assert_eq!(*verb, Verb::PUT);
    assert_eq!(*path, format!("/audit-digests/{TENANT}/5.json"));
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("authorization"), "Bearer t0ken");
    assert_eq!(header("if-none-match"), "*");
    assert_eq!(header("x-ms-blob-type"), "BlockBlob");
    assert_eq!(header("content-type"), "application/json");
    let read: Digest = serde_json::from_str(body).unwrap();
    assert_eq!(read, digest(5));
}

#[tokio::test]
async fn every_answer_has_its_meaning() {
    let is_there: &'static str = canonical_json(&serde_json::to_value(digest(1)).unwrap()).leak();
    let different = Err(BlobError::Different {
        tenant: TENANT.to_owned(),
        number: 1,
    });
    for (put, get, expected) in [
        (201, "", Ok(Archived::Added)),
        (409, is_there, Ok(Archived::Known)),
        (412, is_there, Ok(Archived::Known)),
        (409, "{}", different.clone()),
        (412, "", different),
        (503, "", Err(BlobError::NoAnswer("503".to_owned()))),
        (
            404,
            "",
            Err(BlobError::Refused(
                "404: there is no such container".to_owned(),
            )),
        ),
        (200, "", Err(BlobError::Refused("200".to_owned()))),
        (302, "", Err(BlobError::Refused("302".to_owned()))),
    ] {
        let (_server, archive, asked) = double(put, get).await;
        assert_eq!(archive.put(&digest(1)).await, expected, "{put} {get}");
        let tries = if put == 503 { TRIES as usize } else { 1 };
        let asked = asked.lock().unwrap();
        let puts = asked.iter().filter(|(verb, ..)| verb == Verb::PUT);
        assert_eq!(puts.count(), tries, "{put}");
    }
    let (_server, archive, _) = double(403, "").await;
    let refused = archive.put(&digest(1)).await.unwrap_err().to_string();
    assert!(
        refused.contains("lacks the right to add blobs"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_tenant_that_is_no_id_has_no_name_there() {
    let (_server, archive, asked) = double(201, "").await;
    for tenant in ["", "..", "a/b", "a?b", "a%2fb", "키"] {
        let mut digest = digest(1);
        tenant.clone_into(&mut digest.tenant);
        assert_eq!(archive.put(&digest).await, Err(BlobError::Tenant));
    }
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_container_is_reached_over_https_or_with_a_key_on_this_machine() {
    let token = ArchiveAccess::Token(Arc::new(Tokens));
    let key = |key: &str| ArchiveAccess::SharedKey {
        account: "a".to_owned(),
        key: Secret::new(key),
    };
    let open = |url: &str, access: &ArchiveAccess| {
        let settings = ArchiveSettings {
            container_url: url.to_owned(),
            access: access.clone(),
            egress: Egress::default(),
        };
        let shown = format!("{settings:?}");
        assert!(!shown.contains("a2V5"), "{shown}");
        BlobArchive::new(&settings, Arc::new(StandingClock)).map(|_| ())
    };
    assert_eq!(open("https://a.blob.test/digests", &token), Ok(()));
    assert_eq!(open("http://127.0.0.1:1/a/digests", &key("a2V5")), Ok(()));
    for (url, access) in [
        ("http://127.0.0.1:1/a/digests", &token),
        ("http://a.blob.test/digests", &key("a2V5")),
        ("https://a.blob.test/", &token),
        ("https://a.blob.test/digests?sig=s3cret", &token),
        ("https://me:s3cret@a.blob.test/digests", &token),
        ("ftp://a.blob.test/digests", &token),
        ("", &token),
    ] {
        assert_eq!(open(url, access), Err(BlobError::Address), "{url}");
    }
    let no_key = open("http://127.0.0.1:1/a/digests", &key("*"));
    assert_eq!(no_key, Err(BlobError::Key));

    let nobody = ArchiveSettings {
        container_url: format!("http://127.0.0.1:{}/a/digests", closed_port().await),
        access: key("a2V5"),
        egress: Egress::default(),
    };
    let nobody = BlobArchive::patient(&nobody, Arc::new(StandingClock), SHORT).unwrap();
    let error = nobody.put(&digest(1)).await.unwrap_err();
    assert_eq!(error, BlobError::NoAnswer("no connection".to_owned()));
}
