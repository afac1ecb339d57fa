/// A route: a path, or one with a `*` at its end, which may be narrowed to some
/// extensions (`/images/*.{png,jpg}`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Whole path, or what stands before the `*`.
    start: String,
    rest: Rest,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rest {
    Nothing,
    Anything,
    Extensions(Vec<String>),
}

impl Pattern {
    /// The error completes "… ".
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if !text.starts_with('/') {
            return Err("must begin with /");
        }
        let Some((start, after)) = text.split_once('*') else {
            return Ok(Self {
                start: text.to_owned(),
                rest: Rest::Nothing,
            });
        };
        let rest = match after {
            "" => Rest::Anything,
            _ => Rest::Extensions(extensions(after).ok_or(
                "may have one * at its end, followed by nothing, .EXTENSION or .{EXTENSION,EXTENSION}",
            )?),
        };
        Ok(Self {
            start: start.to_owned(),
            rest,
        })
    }

    /// A path that names no file also matches by the `index.html` below it.
    pub fn matches(&self, path: &str) -> bool {
        if self.matches_as_is(path) {
            return true;
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        !name.contains('.')
            && self.matches_as_is(&format!("{}/index.html", path.trim_end_matches('/')))
    }

    fn matches_as_is(&self, path: &str) -> bool {
        let Some(after) = path.strip_prefix(&self.start) else {
            return false;
        };
        match &self.rest {
            Rest::Nothing => after.is_empty(),
            Rest::Anything => true,
            Rest::Extensions(extensions) => path
                .rsplit('/')
                .next()
                .and_then(|name| name.rsplit_once('.'))
                .is_some_and(|(_, found)| extensions.iter().any(|known| known == found)),
        }
    }
}

/// Of `.png` or `.{png,jpg}`.
fn extensions(text: &str) -> Option<Vec<String>> {
    let names = text.strip_prefix('.')?;
    let names = match names.strip_prefix('{') {
        Some(names) => names.strip_suffix('}')?,
        None if names.contains(',') => return None,
        None => names,
    };
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    names
        .split(',')
        .map(str::trim)
        .map(|name| is_name(name).then(|| name.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(path)
    }

    #[test]
    fn a_path_matches_itself_and_a_wildcard_what_it_begins() {
        assert!(matches("/config.json", "/config.json"));
        assert!(!matches("/config.json", "/config.jso"));
        assert!(!matches("/config.json", "/config.json/x"));
        assert!(matches("/assets/*", "/assets/a/b.js"));
        assert!(!matches("/assets/*", "/assetsx"));
        assert!(matches("/admin*", "/administration"));
        assert!(matches("/*", "/"));
    }

    #[test]
    fn a_path_without_a_file_name_stands_for_its_index() {
        assert!(matches("/index.html", "/"));
        assert!(matches("/assets/*", "/assets"));
        assert!(matches("/a/index.html", "/a/"));
        assert!(!matches("/index.html", "/c"));
        assert!(!matches("/a.js/index.html", "/a.js"));
    }

    #[test]
    fn extensions_narrow_a_wildcard() {
        assert!(matches("/images/*.{png, jpg}", "/images/a/b.jpg"));
        assert!(!matches("/images/*.{png,jpg}", "/images/a.svg"));
        assert!(!matches("/images/*.png", "/images/png"));
        assert!(matches("/*.js", "/a.min.js"));
    }

    #[test]
    fn what_the_service_does_not_take_is_refused() {
        for bad in [
            "", "assets/*", "*", "/a/*/b", "/**", "/*.", "/*.{}", "/*.{a", "/*.a,b", "/*x",
            "/*.{a,}",
        ] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }
}
