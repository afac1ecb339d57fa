//! The origins of an environment, for the place holders `%NAME%` in header
//! values: one built folder serves every environment.

use std::collections::BTreeMap;
use std::str::FromStr;

use http::Uri;

const MARK: char = '%';

/// `--origin NAME=URL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub name: String,
    /// Such as `https://api.example`, without a path.
    pub url: String,
}

/// By name.
pub type Origins = BTreeMap<String, String>;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum OriginError {
    #[error("must be NAME=URL, NAME of A-Z, 0-9 and _")]
    Form,
    // Anything more would go on in the policy that the value is part of.
    #[error("{0:?} is not a bare origin such as https://api.example")]
    NotAnOrigin(String),
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let (name, url) = text.split_once('=').ok_or(OriginError::Form)?;
        if !is_name(name) {
            return Err(OriginError::Form);
        }
        let wrong = || OriginError::NotAnOrigin(url.to_owned());
        let parsed: Uri = url.parse().map_err(|_| wrong())?;
        let scheme = parsed
            .scheme_str()
            .filter(|scheme| ["http", "https", "ws", "wss"].contains(scheme))
            .ok_or_else(wrong)?;
        let authority = parsed.authority().map(ToString::to_string);
        let authority = authority
            .filter(|text| is_host_and_port(text))
            .ok_or_else(wrong)?;
        if parsed.path_and_query().is_some_and(|rest| rest != "/") {
            return Err(wrong());
        }
        Ok(Self {
            name: name.to_owned(),
            url: format!("{scheme}://{authority}"),
        })
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

fn is_host_and_port(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
}

/// Puts the origins in. The error is the first name that has none.
pub fn fill(value: &str, origins: &Origins) -> Result<String, String> {
    let mut filled = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once(MARK) {
        filled.push_str(before);
        if let Some((name, behind)) = after.split_once(MARK).filter(|(name, _)| is_name(name)) {
            filled.push_str(origins.get(name).ok_or_else(|| name.to_owned())?);
            rest = behind;
        } else {
            // A percent sign of another kind.
            filled.push(MARK);
            rest = after;
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn place_holders_are_filled_and_other_percent_signs_stay() {
        let origins = Origins::from([
            ("API_ORIGIN".into(), "http://127.0.0.1:7071".into()),
            ("B".into(), "https://b.example".into()),
        ]);
        let fill = |value: &str| fill(value, &origins);
        assert_eq!(
            fill("'self' %API_ORIGIN% %B%;"),
            Ok("'self' http://127.0.0.1:7071 https://b.example;".into())
        );
        assert_eq!(
            fill("100%, 50% %20 %lower%"),
            Ok("100%, 50% %20 %lower%".into())
        );
        assert_eq!(fill("%%B%%"), Ok("%https://b.example%".into()));
        assert_eq!(fill("%B% %C%"), Err("C".into()));
    }

    #[test]
    fn only_a_bare_origin_is_taken() {
        let read = |text: &str| text.parse::<Origin>();
        assert_eq!(
            read("API_ORIGIN=http://127.0.0.1:7071/").unwrap(),
            Origin {
                name: "API_ORIGIN".into(),
                url: "http://127.0.0.1:7071".into()
            }
        );
        assert_eq!(read("A=wss://x.example").unwrap().url, "wss://x.example");
        for bad in [
            "A",
            "=http://x",
            "a=http://x",
            "1A=http://x",
            "A=",
            "A=x.example",
            "A=ftp://x",
            "A=http://x/path",
            "A=http://x?q",
            "A=http://user@x",
            "A=http://x; script-src *",
            "A=http://x;y",
            "A=http://*",
            "A='self'",
            "A=http://x\r\ny",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
