//! Signing with an account's key, "Shared Key"
//! (learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key). It is for
//! Azurite, whose blob service knows no other form; what Terraform makes takes tokens
//! only.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;

/// The standard headers that are signed, in this order; those that are not sent count
/// as empty.
const SIGNED: [&str; 11] = [
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
];

/// An account and its key.
pub(super) struct AccountKey {
    pub account: String,
    pub key: Vec<u8>,
}

impl AccountKey {
    /// Value of the header `Authorization` of a request with these headers, lower case
    /// and each once. `x-ms-date` must be among them; a length of zero must not.
    pub(super) fn authorization(
        &self,
        method: &str,
        url: &Url,
        headers: &[(&str, String)],
    ) -> String {
        let text = self.string_to_sign(method, url, headers);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.key);
        let signature = STANDARD.encode(hmac::sign(&key, text.as_bytes()));
        format!("SharedKey {}:{signature}", self.account)
    }

    fn string_to_sign(&self, method: &str, url: &Url, headers: &[(&str, String)]) -> String {
        let value = |name: &str| {
            let sent = headers.iter().find(|(sent, _)| *sent == name);
            sent.map_or("", |(_, value)| value.as_str())
        };
        let own = headers.iter().filter(|(name, _)| name.starts_with("x-ms-"));
        let mut own: Vec<String> = own.map(|(name, value)| format!("{name}:{value}")).collect();
        own.sort_unstable();
        // An emulator's path begins with the account too, which so stands there twice.
        let resource = format!("/{}{}", self.account, url.path());
        let query = url.query_pairs();
        let mut query: Vec<String> = query
            .map(|(name, value)| format!("{name}:{value}"))
            .collect();
        query.sort_unstable();
        let mut lines = vec![method.to_owned()];
        lines.extend(SIGNED.map(|name| value(name).to_owned()));
        lines.extend(own);
        lines.push(resource);
        lines.extend(query);
        lines.join("\n")
    }
}
