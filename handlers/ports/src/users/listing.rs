//! A page of people, gathered by whoever stores them.

use std::ops::ControlFlow;

use super::{UserQuery, UserRecord};
use crate::cursor;
use crate::store::{Page, StoreError};

/// Name of the list in cursors.
const LIST: &str = "users";

/// Most records that one page looks through.
const MAX_LOOK: usize = 1_000;

/// Longest page.
const MAX_LIMIT: usize = 100;

/// Takes records in the order of their object ids until the page is full, or until it
/// has looked through so many that the next one may go on.
#[derive(Debug)]
pub struct UserPage<'a> {
    query: &'a UserQuery,
    limit: usize,
    items: Vec<UserRecord>,
    looked: usize,
    /// Object id of the last record that was dealt with.
    behind: String,
    more: bool,
}

impl<'a> UserPage<'a> {
    /// An empty page.
    pub fn of(query: &'a UserQuery) -> Result<Self, StoreError> {
        let behind = match &query.cursor {
            Some(text) => cursor::read(LIST, text).ok_or(StoreError::BadCursor)?,
            None => String::new(),
        };
        Ok(Self {
            query,
            limit: query.limit.clamp(1, MAX_LIMIT),
            items: Vec::new(),
            looked: 0,
            behind,
            more: false,
        })
    }

    /// The object id behind which records are wanted; empty: from the first on.
    pub fn behind(&self) -> &str {
        &self.behind
    }

    /// Takes the next record; [`ControlFlow::Break`] wants no more.
    pub fn take(&mut self, record: UserRecord) -> ControlFlow<()> {
        let is_wanted = self.query.takes(&record);
        if (is_wanted && self.items.len() == self.limit) || self.looked == MAX_LOOK {
            self.more = true;
            return ControlFlow::Break(());
        }
        self.looked += 1;
        self.behind.clone_from(&record.user.oid);
        if is_wanted {
            self.items.push(record);
        }
        ControlFlow::Continue(())
    }

    /// The page.
    pub fn finish(self) -> Page<UserRecord> {
        let next_cursor = self
            .more
            .then(|| cursor::write(LIST, &self.behind))
            .flatten();
        Page {
            items: self.items,
            next_cursor,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use azimuth_domain::principal::UserKey;
    use azimuth_domain::time::Timestamp;

    use super::*;
    use crate::users::UserStatus;

    #[test]
    fn a_page_that_finds_nothing_ends_where_it_has_looked() {
        let query = UserQuery {
            status: Some(UserStatus::Disabled),
            limit: 5,
            ..UserQuery::default()
        };
        for (people, is_last) in [
            (MAX_LOOK - 1, true),
            (MAX_LOOK, true),
            (MAX_LOOK + 1, false),
        ] {
            let mut page = UserPage::of(&query).unwrap();
            for n in 0..people {
                let user = UserKey::new("t", &format!("{n:08}"));
                let _ = page.take(UserRecord::new(user, Timestamp(0)));
            }
            let page = page.finish();
            assert!(page.items.is_empty());
            assert_eq!(page.next_cursor.is_none(), is_last, "{people}");
            let next = UserQuery {
                cursor: page.next_cursor,
                ..query.clone()
            };
            let behind = UserPage::of(&next).unwrap().behind().to_owned();
            assert_eq!(behind.is_empty(), is_last);
            assert!(is_last || behind == format!("{:08}", MAX_LOOK - 1));
        }
    }
}
