//! Route templates of HTTP functions: literals, `{name}`, `{name?}`, `{*name}`.

/// A parsed template, route prefix included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTemplate(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    /// Compared without regard to case, as ASP.NET does.
    Literal(String),
    Parameter {
        optional: bool,
    },
    /// Takes the rest of the path, which may be empty.
    CatchAll,
}

/// A template that the real host may know but this one does not.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the segment {0:?} is not supported by this stand-in host")]
pub struct UnsupportedSegment(String);

impl RouteTemplate {
    pub fn parse(template: &str) -> Result<Self, UnsupportedSegment> {
        let mut segments = Vec::new();
        for text in template.split('/').filter(|text| !text.is_empty()) {
            let unsupported = || Err(UnsupportedSegment(text.to_owned()));
            if segments.last() == Some(&Segment::CatchAll) {
                return unsupported();
            }
            let segment = match text
                .strip_prefix('{')
                .and_then(|text| text.strip_suffix('}'))
            {
                None if text.contains(['{', '}']) => return unsupported(),
                None => Segment::Literal(text.to_owned()),
                Some(name) => {
                    let catch_all = name.trim_start_matches('*');
                    let bare = catch_all.trim_end_matches('?');
                    if bare.is_empty()
                        || !bare.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                    {
                        return unsupported();
                    }
                    if catch_all.len() < name.len() {
                        Segment::CatchAll
                    } else {
                        Segment::Parameter {
                            optional: bare.len() < name.len(),
                        }
                    }
                }
            };
            segments.push(segment);
        }
        Ok(Self(segments))
    }

    /// Whether `path` (percent-encoded, starting with `/`) belongs to this route.
    pub fn matches(&self, path: &str) -> bool {
        let mut rest = path.strip_prefix('/').unwrap_or(path);
        for segment in &self.0 {
            if *segment == Segment::CatchAll {
                return true;
            }
            let (here, after) = rest.split_once('/').unwrap_or((rest, ""));
            let fits = match segment {
                Segment::Literal(text) => decode(here).eq_ignore_ascii_case(text),
                Segment::Parameter { optional } => {
                    !here.is_empty() || (*optional && after.is_empty())
                }
                Segment::CatchAll => true,
            };
            if !fits {
                return false;
            }
            rest = after;
        }
        rest.is_empty()
    }
}

/// Percent-decodes a segment for comparison with a literal.
fn decode(segment: &str) -> String {
    let bytes = segment.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| segment.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        decoded.push(escaped.unwrap_or(bytes[at]));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    reason = "a test ends where its expectation does not hold"
)]
mod tests {
    use super::*;

    fn template(text: &str) -> RouteTemplate {
        RouteTemplate::parse(text).unwrap()
    }

    #[test]
    fn a_catch_all_takes_everything_below_its_prefix() {
        let route = template("api/{*path}");
        for path in [
            "/api",
            "/api/",
            "/API/v1",
            "/api/admin/users",
            "/api//x",
            "/%61pi/x",
        ] {
            assert!(route.matches(path), "{path}");
        }
        for path in ["/", "/apix", "/execute-tool", "/other/api"] {
            assert!(!route.matches(path), "{path}");
        }
    }

    #[test]
    fn literals_and_parameters_match_segment_by_segment() {
        let route = template("api/items/{id}");
        assert!(route.matches("/api/items/7"));
        assert!(route.matches("/api/Items/7/"));
        assert!(!route.matches("/api/items"));
        assert!(!route.matches("/api/items/7/parts"));
        assert!(template("api/items/{id?}").matches("/api/items"));
    }

    #[test]
    fn templates_beyond_the_emulation_are_refused() {
        for text in [
            "api/{id:int}",
            "api/a{b}c",
            "{*all}/more",
            "api/{}",
            "api/{x=1}",
        ] {
            assert!(RouteTemplate::parse(text).is_err(), "{text}");
        }
    }
}
