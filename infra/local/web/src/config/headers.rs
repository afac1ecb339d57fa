use http::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, HeaderMap, HeaderName, HeaderValue,
    TRANSFER_ENCODING,
};

use super::origin::{self, Origins};
use super::section::{Section, SettingError};

/// What belongs to the message rather than to the site.
const OURS: [HeaderName; 5] = [
    CONNECTION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    ETAG,
    TRANSFER_ENCODING,
];

/// `None`: the header is taken away.
pub type Change = (HeaderName, Option<HeaderValue>);

/// Reads one object of headers, with the origins put in.
pub fn read(section: Section, origins: &Origins) -> Result<Vec<Change>, SettingError> {
    let place = section.error("", "").setting;
    let wrong = |name: &str, problem: String| SettingError {
        setting: format!("{place}{name}"),
        problem,
    };
    let mut changes: Vec<Change> = Vec::new();
    for (name, value) in section.into_texts()? {
        let header: HeaderName = name
            .parse()
            .map_err(|_| wrong(&name, "is no name of a header".into()))?;
        if OURS.contains(&header) {
            return Err(wrong(&name, "is for the server to set".into()));
        }
        if changes.iter().any(|(known, _)| *known == header) {
            return Err(wrong(&name, "stands there twice, in different case".into()));
        }
        let filled = origin::fill(&value, origins).map_err(|missing| {
            let problem = format!("has the place holder %{missing}%; give --origin {missing}=URL");
            wrong(&name, problem)
        })?;
        let value = match filled.as_str() {
            "" => None,
            filled => Some(
                HeaderValue::from_str(filled)
                    .map_err(|_| wrong(&name, "is no value of a header".into()))?,
            ),
        };
        changes.push((header, value));
    }
    Ok(changes)
}

pub fn merge(base: &HeaderMap, changes: &[Change]) -> HeaderMap {
    let mut merged = base.clone();
    for (name, value) in changes {
        match value {
            Some(value) => merged.insert(name, value.clone()),
            None => merged.remove(name),
        };
    }
    merged
}
