use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::headers;
use super::origin::Origins;
use super::pattern::Pattern;
use super::section::{Section, SettingError};

/// Methods that the service knows.
const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
];

const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

/// Paths that the real service answers itself.
const RESERVED: [&str; 2] = ["/api", "/.auth"];

/// The only role that everybody has; others need the service's own sign-in.
const EVERYBODY: &str = "anonymous";

/// One of `routes`.
#[derive(Debug)]
pub struct Rule {
    pattern: Pattern,
    /// Empty: every method.
    methods: Vec<Method>,
    /// The global headers, with this rule's in their place.
    pub headers: HeaderMap,
    pub action: Action,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// The file of another path, or of the path itself, with this status.
    Serve {
        rewrite: Option<String>,
        status: Option<StatusCode>,
    },
    Redirect {
        to: HeaderValue,
        status: StatusCode,
    },
}

/// What stands in the place of an error's own answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Override {
    pub action: Action,
}

impl Rule {
    pub(super) fn read(
        mut section: Section,
        global: &HeaderMap,
        origins: &Origins,
    ) -> Result<Self, SettingError> {
        let route = section
            .text("route")?
            .ok_or_else(|| section.error("route", "is missing"))?;
        let pattern = Pattern::parse(&route).map_err(|problem| section.error("route", problem))?;
        if RESERVED.iter().any(|root| is_below(&route, root)) {
            let problem =
                "is of the service's own API or sign-in, which is not supported by this stand-in";
            return Err(section.error("route", problem));
        }
        let mut methods = Vec::new();
        for name in section.texts("methods")?.unwrap_or_default() {
            let known = METHODS
                .iter()
                .find(|known| **known == name.to_ascii_uppercase());
            let method = known.and_then(|known| known.parse().ok());
            methods.push(
                method.ok_or_else(|| section.error("methods", format!("{name:?} is no method")))?,
            );
        }
        if let Some(roles) = section.texts("allowedRoles")?
            && roles != [EVERYBODY]
        {
            let problem = "only [\"anonymous\"] is supported by this stand-in";
            return Err(section.error("allowedRoles", problem));
        }
        let headers = match section.section("headers")? {
            Some(inner) => headers::merge(global, &headers::read(inner, origins)?),
            None => global.clone(),
        };
        let action = Action::read(&mut section, None)?;
        section.finish()?;
        Ok(Self {
            pattern,
            methods,
            headers,
            action,
        })
    }

    pub(super) fn fits(&self, method: &Method, path: &str) -> bool {
        (self.methods.is_empty() || self.methods.contains(method)) && self.pattern.matches(path)
    }
}

impl Override {
    pub(super) fn read(mut section: Section, status: u16) -> Result<Self, SettingError> {
        let action = Action::read(&mut section, Some(status))?;
        section.finish()?;
        Ok(Self { action })
    }
}

impl Action {
    /// `default`: the status of a rewrite that names none.
    fn read(section: &mut Section, default: Option<u16>) -> Result<Self, SettingError> {
        let rewrite = rewrite(section)?;
        let redirect = section.text("redirect")?;
        let status = section.number("statusCode")?;
        let wrong = |section: &Section, problem: &str| section.error("statusCode", problem);
        if let Some(to) = redirect {
            if rewrite.is_some() {
                return Err(section.error("redirect", "cannot stand beside rewrite"));
            }
            let is_place =
                to.starts_with('/') || to.starts_with("https://") || to.starts_with("http://");
            let to = HeaderValue::from_str(&to).ok().filter(|_| is_place);
            let to =
                to.ok_or_else(|| section.error("redirect", "must be a path or an http address"))?;
            let status = u16::try_from(status.unwrap_or(302)).ok();
            let status = status
                .filter(|status| REDIRECTS.contains(status))
                .and_then(|status| StatusCode::from_u16(status).ok())
                .ok_or_else(|| wrong(section, "of a redirect must be 301, 302, 303, 307 or 308"))?;
            return Ok(Self::Redirect { to, status });
        }
        let status = match status.or(default.map(u64::from)) {
            None => None,
            Some(number) => Some(
                u16::try_from(number)
                    .ok()
                    .filter(|number| (200..=599).contains(number) && !(300..400).contains(number))
                    .and_then(|number| StatusCode::from_u16(number).ok())
                    .ok_or_else(|| wrong(section, "must be from 200 to 599; 3xx needs redirect"))?,
            ),
        };
        Ok(Self::Serve { rewrite, status })
    }
}

/// The path of `rewrite`, which must be a file of the site.
pub(super) fn rewrite(section: &mut Section) -> Result<Option<String>, SettingError> {
    let Some(to) = section.text("rewrite")? else {
        return Ok(None);
    };
    if !to.starts_with('/') || to.contains(['?', '#', '*']) {
        return Err(section.error("rewrite", "must be a path that begins with /"));
    }
    if RESERVED.iter().any(|root| is_below(&to, root)) {
        return Err(section.error(
            "rewrite",
            "to the service's own API or sign-in is not supported by this stand-in",
        ));
    }
    Ok(Some(to))
}

fn is_below(path: &str, root: &str) -> bool {
    path.strip_prefix(root)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '*']))
}
