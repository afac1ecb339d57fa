//! The verifier of bearer tokens. The issuer is this process: it publishes one key, on
//! loopback, and asks nobody.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, LazyLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use azimuth_app::auth::jwks::{Fetcher, FetcherSettings, JwksCache, JwksSettings};
use azimuth_app::auth::refusal::TokenRefused;
use azimuth_app::auth::verifier::{TokenVerifier, VerifierSettings};
use azimuth_domain::principal::Principal;
use azimuth_domain::time::Timestamp;
use azimuth_ports::clock::Clock;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const ISSUER: &str = "https://issuer.example/{tid}/v2.0";
const TENANT: &str = "7f3a9d52-0c1e-4b7a-9f66-1c2d3e4f5a6b";
const AUDIENCE: &str = "azimuth-api";
const CLIENT: &str = "azimuth-portal";
const KID: &str = "issuer-key_1";
/// Unix seconds; the seeds' tokens are of this hour.
const NOW: i64 = 1_795_694_400;
const LEEWAY: i64 = 60;

/// It stands still.
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp(NOW * 1000)
    }
}

struct Issuer {
    key: KeyPair,
    verifier: TokenVerifier,
    runtime: Runtime,
}

static HERE: LazyLock<Issuer> = LazyLock::new(Issuer::open);

pub fn run(data: &[u8]) -> bool {
    // Nobody signed these bytes.
    if let Ok(token) = std::str::from_utf8(data)
        && let Ok(principal) = HERE.verify(token)
    {
        panic!("{token} makes {principal:?}");
    }
    // As header and payload of a token that the issuer did sign.
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let (Some(header), Some(payload)) = (parts.next(), parts.next()) else {
        return false;
    };
    let token = HERE.sign(header, payload);
    let Ok(principal) = HERE.verify(&token) else {
        return false;
    };
    assert_header(header);
    assert_claims(payload, &principal);
    true
}

/// The members of an object, without those whose values are no texts of Unicode, which
/// nobody reads.
fn read(object: &[u8]) -> Value {
    let text = std::str::from_utf8(object).unwrap();
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).unwrap();
    let read = members
        .into_iter()
        .filter_map(|(name, value)| Some((name, serde_json::from_str(value.get()).ok()?)));
    Value::Object(read.collect())
}

fn assert_header(header: &[u8]) {
    let header = read(header);
    assert_eq!(
        (&header["alg"], &header["kid"]),
        (&json!("RS256"), &json!(KID))
    );
    let kind = &header["typ"];
    assert!(kind == "JWT" || kind == "at+jwt", "{header}");
    for name in ["crit", "jku", "jwk", "x5u", "x5c", "b64", "enc", "zip"] {
        assert!(header.get(name).is_none(), "{header}");
    }
}

fn assert_claims(payload: &[u8], principal: &Principal) {
    let claims = read(payload);
    let text = |name: &str| claims[name].as_str().unwrap().to_owned();
    assert_eq!(text("tid").to_ascii_lowercase(), TENANT);
    assert_eq!(text("iss"), ISSUER.replace("{tid}", TENANT));
    assert_eq!(
        (text("aud"), text("ver"), text("azp")),
        (AUDIENCE.to_owned(), "2.0".to_owned(), CLIENT.to_owned())
    );
    let scopes = text("scp");
    assert!(
        scopes
            .split(' ')
            .any(|scope| scope == VerifierSettings::SCOPE)
    );
    assert!(
        claims["idtyp"].is_null() || claims["idtyp"] == "user",
        "{claims}"
    );
    let moment = |name: &str| i64::try_from(claims[name].as_u64().unwrap()).unwrap_or(i64::MAX);
    assert!(moment("exp") >= NOW - LEEWAY, "{claims}");
    assert!(
        moment("nbf") <= NOW + LEEWAY && moment("iat") <= NOW + LEEWAY,
        "{claims}"
    );
    let user = &principal.user;
    assert_eq!(
        (user.tid.as_str(), user.oid.clone()),
        (TENANT, text("oid").to_ascii_lowercase())
    );
    for role in &principal.roles {
        let told = claims["roles"].as_array().unwrap();
        assert!(told.iter().any(|one| *one == role.as_str()), "{role:?}");
    }
    if let Some(name) = &principal.name {
        assert!(name.chars().count() <= 128 && !name.contains(char::is_control));
    }
}

impl Issuer {
    fn open() -> Self {
        let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let modulus = key
            .public_key()
            .modulus()
            .big_endian_without_leading_zero()
            .to_vec();
        let keys = json!({"keys": [{
            "kty": "RSA", "use": "sig", "kid": KID, "e": "AQAB",
            "n": URL_SAFE_NO_PAD.encode(modulus),
        }]});
        let clock: Arc<dyn Clock> = Arc::new(Noon);
        let fetcher = Fetcher::new(&FetcherSettings::default()).unwrap();
        let settings = JwksSettings::new(published(&keys.to_string()), ISSUER);
        let cache = JwksCache::new(settings, fetcher, clock.clone());
        let settings = VerifierSettings {
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            own_audiences: [].into(),
            tenants: [TENANT.to_owned()].into(),
            clients: [CLIENT.to_owned()].into(),
            scope: VerifierSettings::SCOPE.to_owned(),
            leeway_seconds: VerifierSettings::LEEWAY_SECONDS,
        };
        Self {
            key,
            verifier: TokenVerifier::new(settings, Arc::new(cache), clock),
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .unwrap(),
        }
    }

    fn verify(&self, token: &str) -> Result<Principal, TokenRefused> {
        self.runtime.block_on(self.verifier.verify(token))
    }

    fn sign(&self, header: &[u8], payload: &[u8]) -> String {
        let part = |bytes| URL_SAFE_NO_PAD.encode(bytes);
        let message = format!("{}.{}", part(header), part(payload));
        let mut signature = vec![0; self.key.public_modulus_len()];
        let random = SystemRandom::new();
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &random,
                message.as_bytes(),
                &mut signature,
            )
            .unwrap();
        format!("{message}.{}", part(&signature))
    }
}

/// Where a thread of ours answers with `body` from now on.
fn published(body: &str) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}/{{tid}}/keys", listener.local_addr().unwrap());
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4096];
            // Whatever is asked, there is one answer.
            let _asked = stream.read(&mut head);
            let _sent = stream.write_all(answer.as_bytes());
        }
    });
    url
}
