//! The two languages that the planner speaks.

use azimuth_domain::search::is_hangul;

/// A language to answer in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Korean,
}

impl Language {
    /// Korean when the newest of `texts` that tells is Korean; `fallback` (`ko`
    /// or `en`) when none tells.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>, fallback: &str) -> Self {
        if texts.into_iter().any(|text| text.chars().any(is_hangul)) {
            return Self::Korean;
        }
        if fallback.starts_with("ko") {
            Self::Korean
        } else {
            Self::English
        }
    }

    /// One of the two.
    pub fn pick<T>(self, english: T, korean: T) -> T {
        match self {
            Self::English => english,
            Self::Korean => korean,
        }
    }
}
