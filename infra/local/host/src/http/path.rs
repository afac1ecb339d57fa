//! Request paths as Kestrel hands them on: dot segments resolved, the rest left.

use std::borrow::Cow;

/// Longest request target, in bytes (Kestrel: 8 KiB for the request line).
pub const MAX_TARGET_BYTES: usize = 8192;

/// A path that Kestrel refuses with 400.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the request path is malformed")]
pub struct MalformedPath;

/// Resolves `.` and `..`, also percent-encoded ones, so that no path leaves its
/// prefix. `//` stays, and so does `%2F`, which is no separator.
///
/// Not reproduced: Kestrel also decodes other escapes and the proxy encodes them
/// anew, so `/%41` arrives as `/A` there and as `/%41` here.
pub fn resolve(path: &str) -> Result<Cow<'_, str>, MalformedPath> {
    if !path.starts_with('/') || path.to_ascii_lowercase().contains("%00") {
        return Err(MalformedPath);
    }
    if !path.split('/').any(|segment| dots(segment).is_some()) {
        return Ok(Cow::Borrowed(path));
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path[1..].split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match dots(segment) {
            None => kept.push(segment),
            Some(dots) => {
                if dots == 2 {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
        }
    }
    Ok(Cow::Owned(format!("/{}", kept.join("/"))))
}

/// 1 for `.`, 2 for `..`, with `%2e` for a dot; `None` for any other segment.
fn dots(segment: &str) -> Option<usize> {
    let mut rest = segment;
    let mut count = 0;
    while !rest.is_empty() {
        rest = rest
            .strip_prefix('.')
            .or_else(|| rest.strip_prefix("%2e"))
            .or_else(|| rest.strip_prefix("%2E"))?;
        count += 1;
    }
    (1..=2).contains(&count).then_some(count)
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    reason = "a test ends where its expectation does not hold"
)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_paths_stay_byte_for_byte() {
        for path in [
            "/",
            "/api/v1",
            "/api//x/",
            "/api/a%2Fb",
            "/api/..%2Fx",
            "/api/a%20b/...",
            "/api/.well-known",
        ] {
            assert!(
                matches!(resolve(path), Ok(Cow::Borrowed(same)) if same == path),
                "{path}"
            );
        }
    }

    #[test]
    fn dot_segments_are_resolved() {
        let pairs = [
            ("/api/../execute-tool", "/execute-tool"),
            ("/api/%2e%2E/execute-tool", "/execute-tool"),
            ("/api/./v1/.", "/api/v1/"),
            ("/api/v1/..", "/api/"),
            ("/../../x", "/x"),
            ("/..", "/"),
        ];
        for (path, resolved) in pairs {
            assert_eq!(resolve(path).unwrap(), resolved, "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for path in ["", "*", "api", "/a%00b"] {
            assert_eq!(resolve(path), Err(MalformedPath), "{path}");
        }
    }
}
