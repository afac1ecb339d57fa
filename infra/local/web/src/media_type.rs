//! Content types by extension, where the configuration names no other.

use std::path::Path;

const UNKNOWN: &str = "application/octet-stream";

const TYPES: [(&str, &str); 26] = [
    ("avif", "image/avif"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("gif", "image/gif"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("ico", "image/x-icon"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("map", "application/json"),
    ("md", "text/markdown"),
    ("mjs", "text/javascript"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("ttf", "font/ttf"),
    ("txt", "text/plain"),
    ("wasm", "application/wasm"),
    ("webmanifest", "application/manifest+json"),
    ("webp", "image/webp"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("xml", "application/xml"),
    ("zip", "application/zip"),
];

/// Lower case, without the dot; empty for a name without one.
pub fn extension(file: &Path) -> String {
    file.extension()
        .map(|extension| extension.to_string_lossy().to_ascii_lowercase())
        .unwrap_or_default()
}

pub fn of(extension: &str) -> &'static str {
    TYPES
        .iter()
        .find(|(known, _)| *known == extension)
        .map_or(UNKNOWN, |(_, kind)| kind)
}

/// Whether it is text, which shrinks; the other types are packed already.
pub fn is_text(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence.starts_with("text/")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
        || [
            "application/javascript",
            "application/json",
            "application/xml",
        ]
        .contains(&essence.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_decides_whatever_its_case() {
        assert_eq!(of(&extension(Path::new("a/b.HTML"))), "text/html");
        assert_eq!(of(&extension(Path::new("a.b/c"))), UNKNOWN);
        assert_eq!(of(&extension(Path::new("c.unheard"))), UNKNOWN);
    }

    #[test]
    fn only_what_shrinks_is_text() {
        for text in [
            "text/html; charset=utf-8",
            "application/json",
            "image/svg+xml",
            "Application/Manifest+JSON",
        ] {
            assert!(is_text(text), "{text}");
        }
        for packed in ["image/png", "font/woff2", UNKNOWN, ""] {
            assert!(!is_text(packed), "{packed}");
        }
    }
}
