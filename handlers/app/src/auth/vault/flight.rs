//! One exchange per (user, audience) at a time inside this process, of whatever
//! kind; whoever waited for one of their own kind that failed gets its failure
//! instead of repeating it. Kinds share the flight, so that a refused refresh
//! cannot remove the grant that an exchange is just storing; they do not share
//! failures, since a bearer is good whatever became of the refresh token.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use azimuth_domain::principal::UserKey;
use azimuth_ports::tokens::{AccessToken, TokenError};
use tokio::sync::MutexGuard;

/// What an exchange comes to.
pub(super) type Outcome = Result<AccessToken, TokenError>;

type Key = (UserKey, String);

/// The flights of this process; one that nobody holds is dropped.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<Key, Weak<Flight>>>);

impl Flights {
    /// The flight of this user and audience.
    pub fn of(&self, user: &UserKey, audience: &str) -> Arc<Flight> {
        let key = (user.clone(), audience.to_owned());
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(&key).and_then(Weak::upgrade) {
            return flight;
        }
        flights.retain(|_, flight| flight.strong_count() > 0);
        let flight = Arc::new(Flight::default());
        flights.insert(key, Arc::downgrade(&flight));
        flight
    }
}

/// What the identity provider is asked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The caller's bearer, on behalf of the user.
    Bearer,
    /// The refresh token in the vault.
    Refresh,
}

#[derive(Default)]
pub(super) struct Flight {
    failures: AtomicU64,
    last: tokio::sync::Mutex<Failures>,
}

/// The last failure of each kind, with its number.
#[derive(Default)]
struct Failures {
    bearer: Option<(u64, TokenError)>,
    refresh: Option<(u64, TokenError)>,
}

impl Failures {
    fn of(&mut self, kind: Kind) -> &mut Option<(u64, TokenError)> {
        match kind {
            Kind::Bearer => &mut self.bearer,
            Kind::Refresh => &mut self.refresh,
        }
    }
}

impl Flight {
    /// How many exchanges have failed so far; noted before waiting.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::SeqCst)
    }

    /// Waits until nobody else is at it.
    pub async fn lock(&self, kind: Kind) -> Holder<'_> {
        Holder {
            flight: self,
            kind,
            last: self.last.lock().await,
        }
    }
}

/// The right to make the exchange.
pub(super) struct Holder<'a> {
    flight: &'a Flight,
    kind: Kind,
    last: MutexGuard<'a, Failures>,
}

impl Holder<'_> {
    /// The failure of this kind that came while this caller waited.
    pub fn failed_since(&mut self, noted: u64) -> Option<TokenError> {
        self.last
            .of(self.kind)
            .as_ref()
            .filter(|(number, _)| *number > noted)
            .map(|(_, error)| copy(error))
    }

    /// Tells those who wait with the same kind.
    pub fn fail(&mut self, error: &TokenError) {
        let number = self.flight.failures.fetch_add(1, Ordering::SeqCst) + 1;
        *self.last.of(self.kind) = Some((number, copy(error)));
    }
}

fn copy(error: &TokenError) -> TokenError {
    match error {
        TokenError::GrantGone(why) => TokenError::GrantGone(why.clone()),
        TokenError::Unavailable(why) => TokenError::Unavailable(why.clone()),
        TokenError::NotOffered => TokenError::NotOffered,
        TokenError::Audience(audience) => TokenError::Audience(audience.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flight_is_one_while_somebody_holds_it_and_leaves_nothing() {
        let flights = Flights::default();
        let of = |oid: &str| flights.of(&UserKey::new("t", oid), "arm");
        let alice = of("alice");
        let bob = of("bob");
        assert!(Arc::ptr_eq(&alice, &of("alice")));
        assert!(Arc::ptr_eq(&bob, &of("bob")));
        assert!(!Arc::ptr_eq(&alice, &bob));
        drop((alice, bob));
        let _carol = of("carol");
        let kept = flights.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(kept.len(), 1);
    }

    #[tokio::test]
    async fn who_waited_is_told_the_failures_since_and_no_former_one() {
        let flight = Flight::default();
        let before = flight.failures();
        let error = TokenError::Unavailable("silent".to_owned());
        flight.lock(Kind::Bearer).await.fail(&error);
        let mut holder = flight.lock(Kind::Bearer).await;
        assert!(holder.failed_since(before).is_some());
        assert!(holder.failed_since(flight.failures()).is_none());
        drop(holder);
        assert!(
            flight
                .lock(Kind::Refresh)
                .await
                .failed_since(before)
                .is_none()
        );
    }
}
