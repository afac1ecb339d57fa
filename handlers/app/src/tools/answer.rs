//! What an answer tells about the request behind it.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// How far into an answer is looked, bytes.
const LOOKED_AT: usize = 16 * 1024;

/// A request's id as Azure's services and the SDKs' error texts spell it, with what
/// tells that it is the client's own.
const REQUEST_ID: &str = r#"(?i)(?-u:\b)(client[ _-]?)?(?:x-ms-request-id|request[ _-]?id)\\?["']?\s*[:=]\s*\\?["']?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?-u:\b)"#;

static IDS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(REQUEST_ID).ok());

/// "Retry-After: 17", "Please try again after '5' minutes".
const AGAIN_AFTER: &str =
    r"(?i)(?:retry|again)[ _-]?(?:after|in)[^0-9a-z]{0,6}([0-9]{1,6})[^0-9a-z]{0,3}(minute)?";

static AGAIN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(AGAIN_AFTER).ok());

/// The id that Azure gave the request, if the answer names one.
pub(super) fn request_id(answer: &[u8]) -> Option<String> {
    let looked_at = answer.get(..LOOKED_AT).unwrap_or(answer);
    let mut named = IDS.as_ref()?.captures_iter(looked_at);
    let found = named.find(|found| found.get(1).is_none())?;
    std::str::from_utf8(found.get(2)?.as_bytes())
        .ok()
        .map(str::to_ascii_lowercase)
}

/// After how many milliseconds the answer says that one may ask again.
pub(super) fn again_after(answer: &[u8]) -> Option<i64> {
    let looked_at = answer.get(..LOOKED_AT).unwrap_or(answer);
    let found = AGAIN.as_ref()?.captures(looked_at)?;
    let number = std::str::from_utf8(found.get(1)?.as_bytes()).ok()?;
    let number: i64 = number.parse().ok()?;
    let unit = if found.get(2).is_some() { 60 } else { 1 };
    Some(number * unit * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "3f1c5b8e-9a2d-4c44-8e88-0123456789ab";

    #[test]
    fn the_spellings_of_azure_are_read() {
        assert!(IDS.is_some());
        for text in [
            format!("Status: 409 (Conflict)\nHeaders:\nx-ms-request-id: {ID}\nDate: now"),
            format!("The account is taken.\nRequestId:{ID}\nTime:2026-11-24T13:05:09Z"),
            format!(r#"{{"error":{{"code":"Conflict","request-id":"{ID}"}}}}"#),
            format!(r#"{{"message":"{{\"requestId\": \"{ID}\"}}"}}"#),
            format!("X-MS-REQUEST-ID = {}", ID.to_uppercase()),
            format!(
                "x-ms-client-request-id: {}\nx-ms-request-id: {ID}",
                ID.replace('3', "4")
            ),
        ] {
            assert_eq!(request_id(text.as_bytes()).as_deref(), Some(ID), "{text}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            String::new(),
            ID.to_owned(),
            format!("client-request-identity: {ID}"),
            format!("x-ms-client-request-id: {ID}, clientRequestId={ID}"),
            format!("x-ms-request-id: {ID}0"),
            "x-ms-request-id: 12".to_owned(),
            format!("{}x-ms-request-id: {ID}", " ".repeat(LOOKED_AT - 20)),
        ] {
            assert_eq!(request_id(text.as_bytes()), None, "{text}");
        }
        let fits = format!("{}x-ms-request-id: {ID}", " ".repeat(LOOKED_AT - 53));
        assert_eq!(fits.len(), LOOKED_AT);
        assert_eq!(request_id(fits.as_bytes()).as_deref(), Some(ID));
    }
}
