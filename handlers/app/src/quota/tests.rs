#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use async_trait::async_trait;
use azimuth_domain::budget::Budget;
use azimuth_domain::ids::{CallId, ConversationId, TurnId};
use azimuth_domain::turn::Usage;
use azimuth_domain::usage::UsageDay;
use azimuth_ports::conformance::samples;
use azimuth_ports::store::{Etag, Versioned};
use futures::future::join_all;

use super::*;
use crate::tenant_documents::doubles::Desk;

/// One person's day and one tenant's budget, which can be away, or lose a reply.
#[derive(Default)]
struct Shelf {
    day: Mutex<Option<(UsageDay, usize)>>,
    budget: Mutex<Option<(Budget, usize)>>,
    reads: AtomicUsize,
    writes: AtomicUsize,
    is_down: AtomicBool,
    loses_replies: AtomicBool,
    /// Where limits and the kill switch would be.
    settings: Arc<Desk>,
    now: AtomicI64,
}

impl Shelf {
    fn pass(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::SeqCst);
    }

    fn ask(&self, count: &AtomicUsize) -> Result<(), StoreError> {
        count.fetch_add(1, Ordering::SeqCst);
        if self.is_down.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("told to".to_owned()));
        }
        Ok(())
    }

    fn put<T: Clone>(
        &self,
        place: &Mutex<Option<(T, usize)>>,
        item: &T,
        when: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError> {
        self.ask(&self.writes)?;
        let mut place = place.lock().unwrap();
        let known = place.as_ref().map(|(_, version)| *version);
        if known.map(|version| version.to_string()) != when.map(|etag| etag.0.clone()) {
            return Ok(None);
        }
        let version = known.unwrap_or(0) + 1;
        *place = Some((item.clone(), version));
        if self.loses_replies.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("told to".to_owned()));
        }
        Ok(Some(Etag(version.to_string())))
    }

    fn total(&self) -> Counts {
        let day = self.day.lock().unwrap();
        day.as_ref().map(|(day, _)| day.total).unwrap_or_default()
    }
}

fn read<T: Clone>(place: &Mutex<Option<(T, usize)>>) -> Option<Versioned<T>> {
    let found = place.lock().unwrap().clone();
    found.map(|(item, version)| Versioned {
        item,
        etag: Etag(version.to_string()),
    })
}

impl Clock for Shelf {
    fn now(&self) -> Timestamp {
        samples::NOON.plus_ms(self.now.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl UsageStore for Shelf {
    async fn usage(
        &self,
        _: &UserKey,
        day: Day,
    ) -> Result<Option<Versioned<UsageDay>>, StoreError> {
        self.ask(&self.reads)?;
        Ok(read(&self.day).filter(|found| found.item.day == day))
    }

    async fn put_usage(
        &self,
        usage: &UsageDay,
        when: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError> {
        // As long as others get as far as waiting.
        tokio::task::yield_now().await;
        self.put(&self.day, usage, when)
    }

    async fn usage_between(
        &self,
        _: &UserKey,
        _: Day,
        _: Day,
    ) -> Result<Vec<UsageDay>, StoreError> {
        Ok(Vec::new())
    }

    async fn tenant_usage(
        &self,
        _: &str,
        _: Day,
        _: Option<&str>,
        _: usize,
    ) -> Result<Vec<UsageDay>, StoreError> {
        self.ask(&self.reads)?;
        Ok(read(&self.day)
            .map(|found| found.item)
            .into_iter()
            .collect())
    }

    async fn budget(&self, _: &str) -> Result<Option<Versioned<Budget>>, StoreError> {
        self.ask(&self.reads)?;
        Ok(read(&self.budget))
    }

    async fn put_budget(
        &self,
        budget: &Budget,
        when: Option<&Etag>,
    ) -> Result<Option<Etag>, StoreError> {
        self.put(&self.budget, budget, when)
    }
}

/// What a process has.
fn process(shelf: &Arc<Shelf>) -> Arc<Quotas> {
    Quotas::new(QuotaParts {
        usage: shelf.clone(),
        config: shelf.settings.clone(),
        clock: shelf.clone(),
        is_on: true,
        prices: BTreeMap::new(),
    })
}

fn turn(key: &str) -> Turn {
    let chat = samples::chat(&samples::alice(), "chat");
    let mut turn = samples::turn(&chat, key, samples::NOON);
    turn.usage = Usage {
        input_tokens: 10,
        output_tokens: 1,
    };
    turn
}

fn call(number: usize) -> CallId {
    let conversation = ConversationId::derived(&samples::alice(), "x", "y");
    CallId::new(&TurnId::derived(&conversation, "key"), 0, number)
}

async fn tokens(quotas: &Quotas) -> u64 {
    quotas
        .counters
        .today(&samples::alice())
        .await
        .unwrap()
        .tokens()
}

#[tokio::test]
async fn what_another_process_counted_is_known_after_15_seconds_and_never_written_over() {
    let shelf = Arc::new(Shelf::default());
    let (here, there) = (process(&shelf), process(&shelf));
    assert_eq!((tokens(&here).await, tokens(&there).await), (0, 0));
    here.count(&turn("a")).await;
    assert_eq!(tokens(&here).await, 11, "its own it knows at once");
    shelf.pass(14_999);
    assert_eq!(tokens(&there).await, 0);
    // What it knows is old: the write is made again over what is there.
    there.count(&turn("b")).await;
    assert_eq!((shelf.total().turns, tokens(&there).await), (2, 22));
    shelf.pass(15_000);
    assert_eq!(tokens(&here).await, 22);
    let reads = shelf.reads.load(Ordering::SeqCst);
    for _ in 0..100 {
        tokens(&here).await;
    }
    assert_eq!(
        shelf.reads.load(Ordering::SeqCst),
        reads,
        "nothing is read again"
    );
    shelf.pass(24 * 60 * 60 * 1000);
    assert_eq!(tokens(&here).await, 0, "another day");
}

#[tokio::test]
async fn turns_that_end_together_are_counted_in_few_writes() {
    let shelf = Arc::new(Shelf::default());
    let here = process(&shelf);
    let turns: Vec<Turn> = (0..32).map(|n| turn(&n.to_string())).collect();
    join_all(turns.iter().map(|turn| here.count(turn))).await;
    assert_eq!(shelf.total().turns, 32);
    let writes = shelf.writes.load(Ordering::SeqCst);
    assert!(writes <= 2, "{writes}");
}

#[tokio::test]
async fn a_turn_that_could_not_be_counted_is_counted_with_the_next_and_once() {
    let shelf = Arc::new(Shelf::default());
    let here = process(&shelf);
    for (flag, turns) in [(&shelf.is_down, 1), (&shelf.loses_replies, 3)] {
        flag.store(true, Ordering::SeqCst);
        here.count(&turn(&format!("{turns}"))).await;
        flag.store(false, Ordering::SeqCst);
        here.count(&turn(&format!("{turns} later"))).await;
        assert_eq!(shelf.total().turns, turns + 1);
    }
}

#[tokio::test]
async fn a_call_is_in_the_budget_once_and_before_it_is_granted() {
    let shelf = Arc::new(Shelf::default());
    let (here, there) = (process(&shelf), process(&shelf));
    let (alice, roles) = (samples::alice(), BTreeSet::new());
    let most = Quota::DestructiveCallsPerHour.default_of_person();
    let spend = async |quotas: &Quotas, number| quotas.spend(&alice, &roles, &call(number)).await;
    let in_budget = || read(&shelf.budget).map_or(0, |found| found.item.spent.len());
    // Whose reply was lost tries again: it is there already.
    shelf.loses_replies.store(true, Ordering::SeqCst);
    assert!(matches!(
        spend(&here, 0).await,
        Err(NotGranted::Unavailable(_))
    ));
    shelf.loses_replies.store(false, Ordering::SeqCst);
    assert!(spend(&there, 0).await.is_ok());
    assert_eq!(in_budget(), 1);
    // Nobody who cannot find out is granted anything.
    shelf.is_down.store(true, Ordering::SeqCst);
    assert!(matches!(
        spend(&here, 1).await,
        Err(NotGranted::Unavailable(_))
    ));
    shelf.is_down.store(false, Ordering::SeqCst);
    for number in 1..usize::try_from(most).unwrap() {
        let process = if number % 2 == 0 { &here } else { &there };
        assert!(spend(process, number).await.is_ok(), "{number}");
    }
    assert_eq!(here.left_in_budget(&alice, &roles).await.unwrap(), 0);
    let refused = spend(&here, 1_000).await;
    let Err(NotGranted::UsedUp(used_up)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((used_up.limit, used_up.whose), (most, Whose::Person));
    assert_eq!(used_up.retry_after_s(), 3_600);
}

#[tokio::test]
async fn whoever_cannot_read_the_kill_switch_starts_nothing_and_limits_fall_back() {
    let shelf = Arc::new(Shelf::default());
    let here = process(&shelf);
    shelf.settings.set_down(true);
    assert!(here.kill_switch("t").await.is_err());
    let person = Principal {
        user: samples::alice(),
        name: None,
        roles: BTreeSet::new(),
        token_issued_at: samples::NOON,
        token_expires_at: samples::NOON,
        session: None,
    };
    for _ in 0..Quota::RequestsPerMinute.default_of_person() {
        assert_eq!(here.grant_request(&person).await, Ok(()));
    }
    assert!(here.grant_request(&person).await.is_err());
}
