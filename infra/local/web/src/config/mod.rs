//! `staticwebapp.config.json`: what the real service takes, as far as a portal
//! without Static Web Apps' own sign-in and API needs it.

mod file;
mod headers;
mod origin;
mod pattern;
mod rule;
mod section;

use std::collections::BTreeMap;

use http::{HeaderMap, Method};
use serde_json::Value;

pub use file::{ConfigError, ConfigFile};
pub use origin::{Origin, OriginError, Origins};
pub use pattern::Pattern;
pub use rule::{Action, Override, Rule};
pub use section::SettingError;

use section::Section;

/// Where the file lies in a built folder. Never served: it is for the service.
pub const PATH: &str = "/staticwebapp.config.json";

/// Largest file that the service takes, bytes.
pub const SIZE_MAX: usize = 20 * 1024;

/// Statuses whose answer may be replaced.
const OVERRIDABLE: [u16; 4] = [400, 401, 403, 404];

/// Known to the service, and not done here.
const UNSUPPORTED: [&str; 4] = ["auth", "networking", "forwardingGateway", "platform"];

#[derive(Debug)]
pub struct SiteConfig {
    rules: Vec<Rule>,
    fallback: Option<Fallback>,
    overrides: BTreeMap<u16, Override>,
    global_headers: HeaderMap,
    /// By extension, without the dot.
    types: BTreeMap<String, String>,
}

/// What a path gets that names no file.
#[derive(Debug)]
struct Fallback {
    rewrite: String,
    exclude: Vec<Pattern>,
}

impl SiteConfig {
    pub fn parse(value: Value, origins: &Origins) -> Result<Self, SettingError> {
        let mut root = Section::root(value)?;
        root.take("$schema");
        root.refuse(&UNSUPPORTED)?;
        if root
            .text("trailingSlash")?
            .is_some_and(|mode| mode != "auto")
        {
            return Err(root.error(
                "trailingSlash",
                "only \"auto\" is supported by this stand-in",
            ));
        }
        let global = match root.section("globalHeaders")? {
            Some(section) => headers::read(section, origins)?,
            None => Vec::new(),
        };
        let global_headers = headers::merge(&HeaderMap::new(), &global);
        let rules = root
            .sections("routes")?
            .into_iter()
            .map(|section| Rule::read(section, &global_headers, origins))
            .collect::<Result<_, _>>()?;
        let fallback = match root.section("navigationFallback")? {
            Some(section) => Some(Fallback::read(section)?),
            None => None,
        };
        let overrides = match root.section("responseOverrides")? {
            Some(section) => read_overrides(section)?,
            None => BTreeMap::new(),
        };
        let types = match root.section("mimeTypes")? {
            Some(section) => read_types(section)?,
            None => BTreeMap::new(),
        };
        root.finish()?;
        Ok(Self {
            rules,
            fallback,
            overrides,
            global_headers,
            types,
        })
    }

    /// The first rule whose route and methods fit; no other one counts.
    pub fn rule(&self, method: &Method, path: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.fits(method, path))
    }

    /// Those of every answer, with the rule's own in their place.
    pub fn headers<'a>(&'a self, rule: Option<&'a Rule>) -> &'a HeaderMap {
        rule.map_or(&self.global_headers, |rule| &rule.headers)
    }

    /// The file that stands for a path without one; `None` where nothing does.
    pub fn fallback(&self, path: &str) -> Option<&str> {
        let fallback = self.fallback.as_ref()?;
        let is_excluded = fallback.exclude.iter().any(|pattern| pattern.matches(path));
        (!is_excluded).then_some(fallback.rewrite.as_str())
    }

    pub fn response_override(&self, status: u16) -> Option<&Override> {
        self.overrides.get(&status)
    }

    pub fn media_type(&self, extension: &str) -> Option<&str> {
        self.types.get(extension).map(String::as_str)
    }
}

impl Fallback {
    fn read(mut section: Section) -> Result<Self, SettingError> {
        let rewrite =
            rule::rewrite(&mut section)?.ok_or_else(|| section.error("rewrite", "is missing"))?;
        let mut exclude = Vec::new();
        for text in section.texts("exclude")?.unwrap_or_default() {
            let pattern = Pattern::parse(&text)
                .map_err(|problem| section.error("exclude", format!("{text:?} {problem}")))?;
            exclude.push(pattern);
        }
        section.finish()?;
        Ok(Self { rewrite, exclude })
    }
}

fn read_overrides(mut section: Section) -> Result<BTreeMap<u16, Override>, SettingError> {
    let mut overrides = BTreeMap::new();
    for name in section.names() {
        let status = name
            .parse()
            .ok()
            .filter(|status| OVERRIDABLE.contains(status))
            .ok_or_else(|| section.error(&name, "is not one of 400, 401, 403, 404"))?;
        if let Some(inner) = section.section(&name)? {
            overrides.insert(status, Override::read(inner, status)?);
        }
    }
    Ok(overrides)
}

fn read_types(section: Section) -> Result<BTreeMap<String, String>, SettingError> {
    let place = section.error("", "").setting;
    let wrong = |name: &str, problem: &str| SettingError {
        setting: format!("{place}{name}"),
        problem: problem.to_owned(),
    };
    section
        .into_texts()?
        .into_iter()
        .map(|(name, kind)| {
            let extension = name
                .strip_prefix('.')
                .filter(|extension| !extension.is_empty())
                .ok_or_else(|| wrong(&name, "must be an extension such as .json"))?;
            if !kind.contains('/') || http::HeaderValue::from_str(&kind).is_err() {
                return Err(wrong(&name, "must be a media type such as text/plain"));
            }
            Ok((extension.to_ascii_lowercase(), kind))
        })
        .collect()
}
