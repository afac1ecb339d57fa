//! The vault over honest doubles: who gets which token, how often the identity
//! provider is asked, and what a sign-out ends.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::Ordering::SeqCst;

use super::doubles::{CountingRandom, GcmSealer, MemoryStore, Mood, Provider, RuntimeClock};
use super::refresh::LEASE_MS;
use super::*;

const ARM: &str = "https://management.azure.test";
const VAULTS: &str = "https://vault.azure.test";
const MINUTE: u64 = 60_000;

struct World {
    store: Arc<MemoryStore>,
    provider: Arc<Provider>,
    clock: Arc<RuntimeClock>,
    random: Arc<CountingRandom>,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(RuntimeClock::new());
        Self {
            store: Arc::default(),
            provider: Arc::new(Provider::new(Arc::clone(&clock))),
            clock,
            random: Arc::default(),
        }
    }

    /// The vault of one more process.
    fn process(&self) -> Arc<TokenVault> {
        let parts = VaultParts {
            store: Arc::clone(&self.store) as Arc<dyn TokenStore>,
            sealer: Arc::new(GcmSealer::new()),
            exchange: Arc::clone(&self.provider) as Arc<dyn TokenExchange>,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            random: Arc::clone(&self.random) as Arc<dyn Random>,
        };
        Arc::new(TokenVault::new(VaultSettings::new(ARM, &[VAULTS]), parts))
    }

    fn refreshes(&self) -> usize {
        self.provider.refreshes.load(SeqCst)
    }

    fn exchanges(&self) -> usize {
        self.provider.exchanges.load(SeqCst)
    }
}

fn user(oid: &str) -> UserKey {
    UserKey::new("tenant-1", oid)
}

async fn given_alice_is_signed_in(vault: &TokenVault) -> UserKey {
    let alice = user("alice");
    vault.accept(&alice, &Secret::new("alice")).await.unwrap();
    alice
}

fn text(token: &AccessToken) -> &str {
    token.token.expose()
}

#[tokio::test(start_paused = true)]
async fn accepting_a_turn_exchanges_once_and_again_when_ten_minutes_are_left() {
    let world = World::new();
    let vault = world.process();
    let alice = given_alice_is_signed_in(&vault).await;
    assert!(vault.has_grant(&alice).await.unwrap());
    for (skip, exchanges) in [(0, 1), (49 * MINUTE, 1), (2 * MINUTE, 2), (0, 2)] {
        world.clock.skip(skip);
        vault.accept(&alice, &Secret::new("alice")).await.unwrap();
        assert_eq!(world.exchanges(), exchanges, "after {skip} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn accepting_again_without_a_grant_exchanges_although_the_token_is_fresh() {
    let world = World::new();
    let vault = world.process();
    let alice = given_alice_is_signed_in(&vault).await;
    world
        .store
        .entries
        .lock()
        .unwrap()
        .remove(&(alice.clone(), GRANT.to_owned()));
    assert!(!vault.has_grant(&alice).await.unwrap());
    vault.accept(&alice, &Secret::new("alice")).await.unwrap();
    assert_eq!(world.exchanges(), 2);
    assert!(vault.has_grant(&alice).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn who_never_signed_in_has_no_access_and_a_fresh_grant_replaces_the_former() {
    let world = World::new();
    let vault = world.process();
    let alice = user("alice");
    let refused = vault.has_access(&alice).await.unwrap_err();
    assert!(matches!(refused, TokenError::GrantGone(_)), "{refused:?}");
    for exchanges in [1, 2] {
        vault.sign_in(&alice, &Secret::new("alice")).await.unwrap();
        assert_eq!(world.exchanges(), exchanges);
        vault.has_access(&alice).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn many_turns_at_once_make_one_exchange() {
    let world = World::new();
    let vault = world.process();
    let turns =
        (0..20).map(|_| async { vault.accept(&user("alice"), &Secret::new("alice")).await });
    for accepted in futures::future::join_all(turns).await {
        accepted.unwrap();
    }
    assert_eq!(world.exchanges(), 1);
}

#[tokio::test(start_paused = true)]
async fn another_process_serves_the_stored_token_without_asking_anybody() {
    let world = World::new();
    let alice = given_alice_is_signed_in(&world.process()).await;
    let other = world.process();
    let token = other.access_token(&alice, ARM).await.unwrap();
    assert_eq!(text(&token), format!("alice for {ARM} #0"));
    assert_eq!(
        text(
            &other
                .access_token(&alice, &format!("{ARM}/"))
                .await
                .unwrap()
        ),
        text(&token)
    );
    assert_eq!((world.exchanges(), world.refreshes()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn memory_spares_the_store_and_looks_again_after_half_a_minute() {
    let world = World::new();
    let vault = world.process();
    let alice = given_alice_is_signed_in(&vault).await;
    vault.access_token(&alice, ARM).await.unwrap();
    let reads = world.store.reads.load(SeqCst);
    for (skip, more) in [(0, 0), (29_999, 0), (1, 1), (0, 1)] {
        world.clock.skip(skip);
        vault.access_token(&alice, ARM).await.unwrap();
        assert_eq!(
            world.store.reads.load(SeqCst) - reads,
            more,
            "after {skip} ms"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_when_less_than_a_minute_is_left() {
    let world = World::new();
    let vault = world.process();
    let alice = given_alice_is_signed_in(&vault).await;
    let ends_at = vault.access_token(&alice, ARM).await.unwrap().expires_at;
    let left = u64::try_from(ends_at.since(world.clock.now())).unwrap();
    for (skip, refreshes) in [(left - 60_001, 0), (1, 0), (1, 1)] {
        world.clock.skip(skip);
        let token = vault.access_token(&alice, ARM).await.unwrap();
        assert!(token.expires_at >= world.clock.now().plus_ms(60_000 - 30));
        assert_eq!(world.refreshes(), refreshes, "after {skip} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn audiences_have_their_own_tokens_and_strange_ones_none() {
    let world = World::new();
    let vault = world.process();
    let alice = given_alice_is_signed_in(&vault).await;
    let token = vault.access_token(&alice, VAULTS).await.unwrap();
    assert_eq!(text(&token), format!("alice for {VAULTS} #1"));
    assert_eq!(world.refreshes(), 1);
    for strange in [
        "https://graph.test",
        "",
        "grant",
        "https://management.azure.test.evil",
    ] {
        let refused = vault.access_token(&alice, strange).await.unwrap_err();
        assert!(
            matches!(refused, TokenError::Audience(_)),
            "{strange}: {refused}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_callers_on_two_processes_make_one_refresh() {
    let world = World::new();
    let alice = given_alice_is_signed_in(&world.process()).await;
    world.clock.skip(3_600_000 - 30_000);
    let (a, b) = (world.process(), world.process());
    let mut callers = tokio::task::JoinSet::new();
    for i in 0..50 {
        let vault = Arc::clone(if i % 2 == 0 { &a } else { &b });
        let alice = alice.clone();
        callers.spawn(async move { vault.access_token(&alice, ARM).await.unwrap() });
    }
    let tokens = callers.join_all().await;
    assert_eq!(world.refreshes(), 1);
    assert!(
        tokens
            .iter()
            .all(|t| text(t) == format!("alice for {ARM} #1"))
    );
}

#[tokio::test(start_paused = true)]
async fn two_audiences_never_use_one_refresh_token_twice() {
    let world = World::new();
    let alice = given_alice_is_signed_in(&world.process()).await;
    world.clock.skip(3_600_000);
    let (a, b) = (world.process(), world.process());
    let (arm, vaults) = tokio::join!(a.access_token(&alice, ARM), b.access_token(&alice, VAULTS));
    assert!(text(&arm.unwrap()).starts_with(&format!("alice for {ARM}")));
    assert!(text(&vaults.unwrap()).starts_with(&format!("alice for {VAULTS}")));
    assert_eq!(world.refreshes(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refresher_that_dies_is_replaced_when_its_lease_ends() {
    let world = World::new();
    let vault = world.process();
    let alice = given_alice_is_signed_in(&vault).await;
    world.clock.skip(3_600_000);
    let now = world.clock.now();
    let until = now.plus_ms(LEASE_MS);
    assert!(
        world
            .store
            .lease_token(&alice, GRANT, "dead", now, until)
            .await
            .unwrap()
    );
    let token = vault.access_token(&alice, ARM).await.unwrap();
    assert_eq!(text(&token), format!("alice for {ARM} #1"));
    assert!(world.clock.now() >= until);
    assert!(world.clock.now().since(until) < 500);
}

#[tokio::test(start_paused = true)]
async fn every_user_gets_the_own_token_only() {
    let world = World::new();
    let vault = world.process();
    for name in ["alice", "bob"] {
        vault.accept(&user(name), &Secret::new(name)).await.unwrap();
    }
    let namesake = UserKey::new("tenant-2", "alice");
    for name in ["alice", "bob", "alice"] {
        let token = vault.access_token(&user(name), ARM).await.unwrap();
        assert!(text(&token).starts_with(&format!("{name} for")), "{name}");
    }
    let refused = vault.access_token(&namesake, ARM).await.unwrap_err();
    assert!(matches!(refused, TokenError::GrantGone(_)));
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_is_moved_to_another_user_or_slot_never_opens() {
    let world = World::new();
    let alice = given_alice_is_signed_in(&world.process()).await;
    let entry = world.store.token(&alice, ARM).await.unwrap().unwrap();
    for (thief, slot) in [
        (user("eve"), ARM),
        (alice.clone(), VAULTS),
        (user("eve"), GRANT),
    ] {
        let vault = world.process();
        world
            .store
            .put_token(&thief, slot, &entry.sealed, entry.expires_at)
            .await
            .unwrap();
        let got = vault
            .access_token(&thief, if slot == GRANT { ARM } else { slot })
            .await;
        let refused = got.unwrap_err();
        assert!(
            matches!(refused, TokenError::Unavailable(_)),
            "{slot}: {refused}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_that_is_edited_in_the_store_does_not_count() {
    let world = World::new();
    let vault = world.process();
    let alice = given_alice_is_signed_in(&vault).await;
    let later = world.clock.now().plus_ms(10 * 3_600_000);
    for entry in world.store.entries.lock().unwrap().values_mut() {
        entry.expires_at = later;
    }
    world.clock.skip(2 * 3_600_000);
    vault.access_token(&alice, ARM).await.unwrap();
    assert_eq!(world.refreshes(), 1);
}

/// A minute is enough, to the millisecond, and less is not: in memory and in the store.
#[tokio::test(start_paused = true)]
async fn a_token_is_good_for_exactly_a_minute_more() {
    let world = World::new();
    let vault = world.process();
    let alice = given_alice_is_signed_in(&vault).await;
    let ends_at = vault.access_token(&alice, ARM).await.unwrap().expires_at;
    let left = u64::try_from(ends_at.since(world.clock.now())).unwrap();
    world.clock.skip(left - MINUTE - 1);
    vault.access_token(&alice, ARM).await.unwrap();
    let reads = world.store.reads.load(SeqCst);
    world.clock.skip(1);
    vault.access_token(&alice, ARM).await.unwrap();
    assert_eq!(world.store.reads.load(SeqCst), reads, "from memory");
    world.process().access_token(&alice, ARM).await.unwrap();
    assert_eq!(world.refreshes(), 0, "from the store");
}

/// What is left where a token was, and a token whose time is over, are none.
#[tokio::test(start_paused = true)]
async fn an_entry_that_is_empty_or_over_is_none() {
    for (skip, is_emptied, is_there) in [
        (-1, false, true),
        (0, false, false),
        (1, false, false),
        (-1, true, false),
    ] {
        let world = World::new();
        let vault = world.process();
        let alice = given_alice_is_signed_in(&vault).await;
        let ends_at = {
            let mut entries = world.store.entries.lock().unwrap();
            let key = (alice.clone(), GRANT.to_owned());
            let entry = entries.get_mut(&key).unwrap();
            if is_emptied {
                entry.sealed.clear();
            }
            entry.expires_at
        };
        let left = ends_at.since(world.clock.now()) + skip;
        world.clock.skip(u64::try_from(left).unwrap());
        let found = vault.has_grant(&alice).await.unwrap();
        assert_eq!(found, is_there, "{skip} ms after its end, {is_emptied}");
    }
    // An end that somebody put off in the store.
    let world = World::new();
    let vault = world.process();
    let alice = given_alice_is_signed_in(&vault).await;
    let ends_at = vault.access_token(&alice, ARM).await.unwrap().expires_at;
    for entry in world.store.entries.lock().unwrap().values_mut() {
        entry.expires_at = ends_at.plus_ms(1000);
    }
    let left = u64::try_from(ends_at.since(world.clock.now())).unwrap();
    for (skip, is_there) in [(left - 1, true), (1, false)] {
        world.clock.skip(skip);
        let found = vault.entry(&alice, ARM).await.unwrap();
        assert_eq!(found.is_some(), is_there);
    }
}

#[tokio::test(start_paused = true)]
async fn a_revoked_grant_is_removed_and_everybody_is_told() {
    let world = World::new();
    let vault = world.process();
    let alice = given_alice_is_signed_in(&vault).await;
    world.provider.is(Mood::Revoked);
    world.clock.skip(3_600_000);
    let callers = (0..10).map(|_| vault.access_token(&alice, ARM));
    for refused in futures::future::join_all(callers).await {
        assert!(matches!(refused, Err(TokenError::GrantGone(_))));
    }
    assert_eq!(world.refreshes(), 1);
    assert!(!vault.has_grant(&alice).await.unwrap());
    world.provider.is(Mood::Grants);
    let refused = vault.access_token(&alice, ARM).await;
    assert!(matches!(refused, Err(TokenError::GrantGone(_))));
    assert_eq!(world.refreshes(), 1);
    given_alice_is_signed_in(&vault).await;
    vault.access_token(&alice, ARM).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refused_refresh_does_not_refuse_the_turn_that_holds_a_good_bearer() {
    let world = World::new();
    let vault = world.process();
    let alice = given_alice_is_signed_in(&vault).await;
    world.clock.skip(3_600_000);
    world.provider.revoke_refresh_tokens();
    let bearer = Secret::new("alice");
    // The refresh is under way when the turn comes, and the turn waits for it.
    let (refreshed, accepted) = tokio::join!(
        vault.access_token(&alice, ARM),
        vault.accept(&alice, &bearer)
    );
    assert!(matches!(refreshed, Err(TokenError::GrantGone(_))));
    accepted.unwrap();
    assert_eq!((world.refreshes(), world.exchanges()), (1, 2));
    assert!(vault.has_grant(&alice).await.unwrap());
    vault.access_token(&alice, ARM).await.unwrap();
    assert_eq!(world.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_bearer_does_not_refuse_the_call_that_has_a_grant() {
    let world = World::new();
    let vault = world.process();
    let alice = given_alice_is_signed_in(&vault).await;
    world.clock.skip(3_600_000);
    world.provider.refuse_bearers();
    let bearer = Secret::new("alice");
    let turns = async {
        let both = tokio::join!(vault.accept(&alice, &bearer), vault.accept(&alice, &bearer));
        assert!(matches!(both.0, Err(TokenError::GrantGone(_))));
        assert!(matches!(both.1, Err(TokenError::GrantGone(_))));
    };
    let ((), token) = tokio::join!(turns, vault.access_token(&alice, ARM));
    token.unwrap();
    assert_eq!((world.refreshes(), world.exchanges()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_down_keeps_the_grant_and_frees_the_lease() {
    for mood in [Mood::Down, Mood::Silent] {
        let world = World::new();
        let vault = world.process();
        let alice = given_alice_is_signed_in(&vault).await;
        world.provider.is(mood);
        world.clock.skip(3_600_000);
        let callers = (0..10).map(|_| vault.access_token(&alice, ARM));
        for refused in futures::future::join_all(callers).await {
            assert!(matches!(refused, Err(TokenError::Unavailable(_))));
        }
        assert_eq!(world.refreshes(), 1);
        assert!(vault.has_grant(&alice).await.unwrap());
        world.provider.is(Mood::Grants);
        let before = world.clock.now();
        world.process().access_token(&alice, ARM).await.unwrap();
        assert!(
            world.clock.now().since(before) < 200,
            "the lease was not ended"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn signing_out_ends_everything_here_at_once_and_elsewhere_within_a_minute() {
    let world = World::new();
    let (here, there) = (world.process(), world.process());
    let alice = given_alice_is_signed_in(&here).await;
    here.access_token(&alice, ARM).await.unwrap();
    there.access_token(&alice, ARM).await.unwrap();
    here.sign_out(&alice).await.unwrap();
    assert!(matches!(
        here.access_token(&alice, ARM).await,
        Err(TokenError::GrantGone(_))
    ));
    world.clock.skip(MINUTE);
    assert!(matches!(
        there.access_token(&alice, ARM).await,
        Err(TokenError::GrantGone(_))
    ));
    assert!(!there.has_grant(&alice).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_sign_out_is_not_undone_by_a_refresh_under_way() {
    let world = World::new();
    let vault = world.process();
    let alice = given_alice_is_signed_in(&vault).await;
    world.clock.skip(3_600_000);
    world.provider.latency_ms.store(500, SeqCst);
    let sign_out = async {
        tokio::time::timeout(Duration::from_secs(5), async {
            while world.refreshes() == 0 {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
        vault.sign_out(&alice).await.unwrap();
    };
    let (token, ()) = tokio::join!(vault.access_token(&alice, ARM), sign_out);
    assert!(matches!(token, Err(TokenError::GrantGone(_))));
    assert!(!vault.has_grant(&alice).await.unwrap());
    assert_eq!(world.store.token(&alice, ARM).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn after_signing_out_and_in_again_the_old_token_is_not_served() {
    let world = World::new();
    let (here, there) = (world.process(), world.process());
    let alice = given_alice_is_signed_in(&here).await;
    let old = there.access_token(&alice, ARM).await.unwrap();
    here.sign_out(&alice).await.unwrap();
    given_alice_is_signed_in(&here).await;
    world.clock.skip(MINUTE);
    let new = there.access_token(&alice, ARM).await.unwrap();
    assert_ne!(text(&old), text(&new));
}

#[tokio::test(start_paused = true)]
async fn what_lies_in_the_store_shows_nothing() {
    let world = World::new();
    given_alice_is_signed_in(&world.process()).await;
    for entry in world.store.entries.lock().unwrap().values() {
        let seen = String::from_utf8_lossy(&entry.sealed).into_owned();
        assert!(!seen.contains("alice") && !seen.contains("token"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_token_of_people_without_azure_is_sent_nowhere() {
    let world = World::new();
    let settings = VaultSettings {
        without_azure: ["tenant-1".to_owned()].into(),
        ..VaultSettings::new(ARM, &[VAULTS])
    };
    let parts = VaultParts {
        store: Arc::clone(&world.store) as Arc<dyn TokenStore>,
        sealer: Arc::new(GcmSealer::new()),
        exchange: Arc::clone(&world.provider) as Arc<dyn TokenExchange>,
        clock: Arc::clone(&world.clock) as Arc<dyn Clock>,
        random: Arc::clone(&world.random) as Arc<dyn Random>,
    };
    let vault = TokenVault::new(settings, parts);
    let (alice, bearer) = (user("alice"), Secret::new("alice"));
    for refused in [
        vault.accept(&alice, &bearer).await,
        vault.sign_in(&alice, &bearer).await,
        vault.has_access(&alice).await,
        vault.has_grant(&alice).await.map(drop),
        vault.access_token(&alice, ARM).await.map(drop),
    ] {
        assert!(
            matches!(refused, Err(TokenError::NotOffered)),
            "{refused:?}"
        );
    }
    assert_eq!((world.exchanges(), world.refreshes()), (0, 0));
    let other = UserKey::new("tenant-2", "alice");
    vault.accept(&other, &bearer).await.unwrap();
    assert_eq!(world.exchanges(), 1);
}
