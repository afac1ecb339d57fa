//! Lists: `?limit` and an opaque `?cursor` give `{"items":[…],"next_cursor":…}`.

use azimuth_ports::store::Page;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Answer, Code, Problem};

/// Longest page.
pub const MAX_LIMIT: usize = 100;

/// Longest cursor that is looked at, bytes.
const MAX_CURSOR_LENGTH: usize = 2048;

/// One page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PageOf<T> {
    /// The items.
    pub items: Vec<T>,
    /// Send it as `?cursor=` for the next page; null at the end.
    pub next_cursor: Option<String>,
}

impl<T> From<Page<T>> for PageOf<T> {
    fn from(page: Page<T>) -> Self {
        Self {
            items: page.items,
            next_cursor: page.next_cursor,
        }
    }
}

/// The page length that was asked for: 1 to [`MAX_LIMIT`], `default` without a wish.
pub fn limit(wish: Option<u32>, default: usize) -> Answer<usize> {
    match wish.map(|n| usize::try_from(n).unwrap_or(usize::MAX)) {
        None => Ok(default),
        Some(n) if (1..=MAX_LIMIT).contains(&n) => Ok(n),
        Some(_) => Err(Problem::new(Code::QueryInvalid)
            .detail("limit is a number from 1 to 100.")
            .parameter("limit")),
    }
}

/// The cursor, if one was sent; an absurdly long one is none of ours.
pub fn cursor(cursor: Option<String>) -> Answer<Option<String>> {
    match cursor {
        Some(text) if text.is_empty() || text.len() > MAX_CURSOR_LENGTH => {
            Err(Problem::new(Code::CursorInvalid).parameter("cursor"))
        }
        other => Ok(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_one_to_a_hundred() {
        assert_eq!(limit(None, 50).ok(), Some(50));
        for good in [1, 99, 100] {
            assert!(limit(Some(good), 50).is_ok(), "{good}");
        }
        for bad in [0, 101, u32::MAX] {
            assert!(limit(Some(bad), 50).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_absurd_cursor_is_refused() {
        assert!(cursor(Some("x".repeat(2048))).is_ok());
        assert!(cursor(Some("x".repeat(2049))).is_err());
        assert!(cursor(Some(String::new())).is_err());
        assert!(cursor(None).is_ok());
    }
}
