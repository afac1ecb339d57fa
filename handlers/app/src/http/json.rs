//! Request bodies: one JSON object, bounded in size and depth, without a field
//! that nobody reads.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use crate::problem::{Code, Problem};

/// Largest body, bytes.
pub const MAX_BODY_BYTES: usize = 256 * 1024;
/// Deepest nesting of objects and arrays.
pub const MAX_DEPTH: usize = 64;
/// How much of serde's sentence is repeated, characters.
const MAX_DETAIL_CHARS: usize = 200;

/// A body that was read into `T`. `T` must deny unknown fields.
#[derive(Debug, Clone)]
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(Code::MediaTypeUnsupported).parameter("Content-Type"));
        }
        let bytes = read(request.into_body(), MAX_BODY_BYTES).await?;
        parse(&bytes).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
    else {
        return false;
    };
    let mut parts = value.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    let utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => charset
            .trim()
            .trim_matches('"')
            .eq_ignore_ascii_case("utf-8"),
        _ => true,
    });
    media_type.eq_ignore_ascii_case("application/json") && utf8
}

/// The whole body, at most `limit` bytes.
pub(crate) async fn read(mut body: Body, limit: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| Problem::new(Code::BodyUnreadable).context(e))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if data.len() > limit - bytes.len() {
            return Err(Problem::new(Code::BodyTooLarge));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// Reads one JSON object. Errors name the place.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if depth(bytes) > MAX_DEPTH {
        return Err(Problem::new(Code::JsonTooDeep));
    }
    // A struct would also be read from an array of the right length.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(match serde_json::from_slice::<IgnoredAny>(bytes) {
            Ok(_) => Problem::new(Code::FieldInvalid)
                .pointer("")
                .detail("The body must be a JSON object."),
            Err(_) => Problem::new(Code::JsonMalformed),
        });
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| refusal(bytes, error.inner(), error.path()))?;
    deserializer.end().map_err(|_| {
        Problem::new(Code::JsonMalformed).detail("Something follows the JSON object.")
    })?;
    Ok(value)
}

/// Deepest nesting, without regard to whether the text is JSON otherwise.
fn depth(bytes: &[u8]) -> usize {
    let (mut now, mut deepest): (usize, usize) = (0, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in bytes {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                now += 1;
                deepest = deepest.max(now);
            }
            b'}' | b']' => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn refusal(bytes: &[u8], error: &serde_json::Error, path: &Path) -> Problem {
    if error.classify() != Category::Data {
        // Where a name of a list is expected, serde takes any other value for no JSON.
        if serde_json::from_slice::<serde_json::Value>(bytes).is_ok() {
            return Problem::new(Code::FieldInvalid)
                .detail("One of the names that the API document lists for this field is expected.")
                .pointer(pointer(path, None));
        }
        return Problem::new(Code::JsonMalformed).detail(format!(
            "The body is not JSON: line {}, column {}.",
            error.line(),
            error.column()
        ));
    }
    let text = error.to_string();
    let sentence = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(s, _)| s);
    // What our own types are called is nobody's business.
    let told = match sentence.rsplit_once(", expected ") {
        Some((found, wanted)) if wanted.starts_with("struct ") => {
            format!("{found}, expected an object")
        }
        _ => sentence.to_owned(),
    };
    let detail: String = told.chars().take(MAX_DETAIL_CHARS).collect();
    let (code, field) = if let Some(rest) = sentence.strip_prefix("unknown field `") {
        (Code::FieldUnknown, rest.split('`').next())
    } else if let Some(rest) = sentence.strip_prefix("missing field `") {
        (Code::FieldMissing, rest.split('`').next())
    } else {
        (Code::FieldInvalid, None)
    };
    Problem::new(code)
        .detail(detail)
        .pointer(pointer(path, field))
}

/// JSON pointer of `path`, and of `field` in it unless the path ends there.
fn pointer(path: &Path, field: Option<&str>) -> String {
    let mut parts: Vec<String> = path
        .iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { variant } => Some(variant.clone()),
            Segment::Unknown => None,
        })
        .collect();
    if let Some(field) = field.filter(|f| parts.last().map(String::as_str) != Some(*f)) {
        parts.push(field.to_owned());
    }
    parts.iter().fold(String::new(), |pointer, part| {
        pointer + "/" + &escaped(part)
    })
}

/// A name as a part of a JSON pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Reads a field that may be left out (unchanged), null (reset) or a value.
#[expect(clippy::option_option, reason = "absent and null differ in a PATCH")]
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use serde_json::Value;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        text: String,
        #[serde(default)]
        inner: Option<Inner>,
        #[serde(default)]
        any: Value,
        #[serde(default, rename = "kind")]
        _kind: Option<Kind>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        One,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[serde(rename = "number")]
        _number: u32,
    }

    #[test]
    fn what_our_types_are_called_is_not_told() {
        for (body, expected) in [
            (
                r#"{"text":"a","inner":3}"#,
                "invalid type: integer `3`, expected an object",
            ),
            (
                r#"{"text":"a","inner":{"number":", expected struct Inner"}}"#,
                r#"invalid type: string ", expected struct Inner", expected u32"#,
            ),
        ] {
            let problem = parse::<Wanted>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.document("r").detail, expected, "{body}");
        }
    }

    #[test]
    fn every_fault_has_its_code_and_place() {
        for (body, code, at) in [
            ("", Code::JsonMalformed, None),
            ("{", Code::JsonMalformed, None),
            ("[", Code::JsonMalformed, None),
            ("nonsense", Code::JsonMalformed, None),
            (r#"{"text":"a"} {}"#, Code::JsonMalformed, None),
            ("{\"text\":\"\u{1}\"}", Code::JsonMalformed, None),
            (r#"{"text":"\ud800"}"#, Code::JsonMalformed, None),
            (r#"{"text":"a","any":1e999}"#, Code::JsonMalformed, None),
            (
                r#"{"text":"a","kind":7}"#,
                Code::FieldInvalid,
                Some("/kind"),
            ),
            (
                r#"{"text":"a","kind":"x"}"#,
                Code::FieldInvalid,
                Some("/kind"),
            ),
            (r#"{"text":"a","kind":7"#, Code::JsonMalformed, None),
            (r#"["a"]"#, Code::FieldInvalid, Some("")),
            ("null", Code::FieldInvalid, Some("")),
            ("{}", Code::FieldMissing, Some("/text")),
            (r#"{"text":1}"#, Code::FieldInvalid, Some("/text")),
            (r#"{"text":"a","text":"b"}"#, Code::FieldInvalid, None),
            (r#"{"text":"a","x/y":1}"#, Code::FieldUnknown, Some("/x~1y")),
            (
                r#"{"text":"a","inner":{"number":1,"b":2}}"#,
                Code::FieldUnknown,
                Some("/inner/b"),
            ),
            (
                r#"{"text":"a","inner":{}}"#,
                Code::FieldMissing,
                Some("/inner/number"),
            ),
            (
                r#"{"text":"a","inner":{"number":-1}}"#,
                Code::FieldInvalid,
                Some("/inner/number"),
            ),
        ] {
            let problem = parse::<Wanted>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.code(), code, "{body}");
            if at.is_some() {
                assert_eq!(problem.document("r").pointer.as_deref(), at, "{body}");
            }
        }
        assert!(parse::<Wanted>(b"{\"text\":\"\xff\"}").is_err());
        let good = parse::<Wanted>(br#" {"text":"{[\"","inner":null,"any":[1]} "#).unwrap();
        assert_eq!((good.text.as_str(), good.inner.is_none()), ("{[\"", true));
        assert!(good.any.is_array());
    }

    #[test]
    fn sixty_four_levels_and_no_more() {
        for (arrays, fits) in [(62, true), (63, true), (64, false), (100_000, false)] {
            let body = format!(
                "{{\"text\":\"a\",\"any\":{}{}}}",
                "[".repeat(arrays),
                "]".repeat(arrays)
            );
            let read = parse::<Wanted>(body.as_bytes());
            assert_eq!(read.is_ok(), fits, "{arrays}");
            if let Err(problem) = read {
                assert_eq!(problem.code(), Code::JsonTooDeep);
            }
        }
    }

    #[tokio::test]
    async fn the_body_limit_is_exact() {
        for (length, fits) in [(9, true), (10, true), (11, false)] {
            let read = read(Body::from(vec![b'x'; length]), 10).await;
            assert_eq!(read.is_ok(), fits, "{length}");
        }
    }

    #[test]
    fn only_utf8_json_is_read() {
        for (value, fits) in [
            ("application/json", true),
            ("Application/JSON; charset=UTF-8", true),
            ("application/json; charset=\"utf-8\"", true),
            ("application/json; charset=latin1", false),
            ("text/plain", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
            assert_eq!(is_json(&headers), fits, "{value}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
