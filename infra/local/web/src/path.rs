use std::path::{Path, PathBuf};

/// Longest request path, in bytes as sent.
pub const MAX_BYTES: usize = 8192;

/// A request's path, decoded: begins with `/`, holds no `.` or `..` segment, no
/// NUL, no backslash and no escaped `/`, so that it cannot leave a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestPath(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the request path is malformed")]
pub struct MalformedPath;

impl RequestPath {
    /// Reads the path as it was sent, without the query.
    pub fn parse(sent: &str) -> Result<Self, MalformedPath> {
        if !sent.starts_with('/') || sent.len() > MAX_BYTES {
            return Err(MalformedPath);
        }
        let mut path = String::with_capacity(sent.len());
        for segment in sent[1..].split('/') {
            let segment = decode(segment)?;
            if matches!(segment.as_str(), "." | "..") || segment.contains(['/', '\\', '\0']) {
                return Err(MalformedPath);
            }
            path.push('/');
            path.push_str(&segment);
        }
        Ok(Self(path))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The file of that name below `root`; `None` when an empty segment stands
    /// between others (`//`), which names no file.
    pub fn below(&self, root: &Path) -> Option<PathBuf> {
        let inner = self.0.strip_prefix('/').unwrap_or(&self.0);
        let inner = inner.strip_suffix('/').unwrap_or(inner);
        let mut file = root.to_owned();
        if inner.is_empty() {
            return Some(file);
        }
        for segment in inner.split('/') {
            if segment.is_empty() {
                return None;
            }
            file.push(segment);
        }
        Some(file)
    }
}

fn decode(segment: &str) -> Result<String, MalformedPath> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || {
            let digit = char::from(rest.next()?).to_digit(16)?;
            u8::try_from(digit).ok()
        };
        let (high, low) = digit().zip(digit()).ok_or(MalformedPath)?;
        bytes.push(high << 4 | low);
    }
    String::from_utf8(bytes).map_err(|_| MalformedPath)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn below(sent: &str) -> Option<PathBuf> {
        RequestPath::parse(sent).unwrap().below(Path::new("/r"))
    }

    #[test]
    fn escapes_are_decoded_once() {
        let path = RequestPath::parse("/a%20b/%ED%95%9C/%2525").unwrap();
        assert_eq!(path.as_str(), "/a b/한/%25");
        assert_eq!(below("/a/b.js"), Some("/r/a/b.js".into()));
        assert_eq!(below("/"), Some("/r".into()));
        assert_eq!(below("/a/"), Some("/r/a".into()));
        assert_eq!(below("/a//b"), None);
        assert_eq!(below("//"), Some("/r".into()));
    }

    #[test]
    fn no_path_leaves_its_folder() {
        for sent in [
            "",
            "a",
            "*",
            "/..",
            "/../x",
            "/a/../x",
            "/a/.",
            "/%2e%2e/x",
            "/%2E./x",
            "/a%2F..%2Fx",
            "/a%2fb",
            "/a%5Cb",
            "/a\\..\\b",
            "/a%00",
            "/%",
            "/%2",
            "/%zz",
            "/%ff",
        ] {
            assert_eq!(RequestPath::parse(sent), Err(MalformedPath), "{sent}");
        }
    }

    #[test]
    fn the_length_has_a_limit() {
        for (length, is_good) in [
            (MAX_BYTES - 1, true),
            (MAX_BYTES, true),
            (MAX_BYTES + 1, false),
        ] {
            let sent = format!("/{}", "a".repeat(length - 1));
            assert_eq!(RequestPath::parse(&sent).is_ok(), is_good, "{length}");
        }
    }
}
