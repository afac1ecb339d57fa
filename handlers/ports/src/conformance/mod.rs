//! The contracts of the ports as tests that any adapter can run.
//!
//! Every rule is a function of one [`Rig`] and panics when the contract is
//! broken. [`conformance!`](crate::conformance) makes one test of each rule:
//!
//! ```text
//! mod sqlite_store {
//!     azimuth_ports::conformance!(store, super::rig());
//! }
//! ```

pub mod audit;
pub mod child;
pub mod config;
pub mod digests;
pub mod processes;
pub mod queue;
pub mod samples;
pub mod secrets;
pub mod sessions;
pub mod store;
pub mod tokens;
pub mod usage;
pub mod users;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azimuth_domain::time::Timestamp;

/// An adapter with storage that nothing else has used yet.
#[async_trait]
pub trait Rig<P: ?Sized + Send + Sync>: Send + Sync {
    /// Another handle to the same storage, as another process would have it.
    async fn open(&self) -> Arc<P>;

    /// Lets time pass for every handle: a manual clock moves, a real one is
    /// waited for.
    async fn advance(&self, by: Duration);

    /// What time it is for the handles.
    fn now(&self) -> Timestamp;
}

/// An adapter whose storage several processes use at once.
#[async_trait]
pub trait Shared<P: ?Sized + Send + Sync>: Rig<P> {
    /// Where the storage is, in words that another process understands.
    fn place(&self) -> String;

    /// A handle to the storage of that place.
    async fn open_at(place: &str) -> Arc<P>
    where
        Self: Sized;
}

/// Makes one test of every rule of a suite (`queue`, `store`, `audit`, `digests`,
/// `config`, `users`, `usage`, `sessions`, `secrets`, `tokens`). `$rig` makes a fresh rig and may
/// await. The calling crate needs `tokio` with `macros` and `rt-multi-thread`.
///
/// `conformance!(processes of queue, Type, $rig)` makes those that two processes keep
/// (`queue`, `store`, `audit`, `tokens`); the type is a [`Shared`] one.
#[macro_export]
macro_rules! conformance {
    (queue, $rig:expr) => {
        $crate::conformance_tests! { queue, $rig, [
            a_message_comes_out_as_it_went_in,
            another_handle_receives_what_was_enqueued,
            a_received_message_is_hidden_until_its_time_ends,
            a_delayed_message_comes_later,
            a_receipt_is_void_once_the_message_was_received_again,
            a_receipt_is_good_for_one_change,
            renewing_hides_for_longer,
            renewing_with_zero_shows_at_once,
            a_deleted_message_never_comes_back,
            a_queue_that_nobody_made_is_empty,
            queues_do_not_mix,
            no_more_is_received_than_was_asked_for,
            a_message_of_the_limit_is_taken_and_one_more_byte_is_not,
            the_depth_counts_hidden_messages,
            sixteen_receivers_get_every_message_exactly_once,
        ] }
    };
    (store, $rig:expr) => {
        $crate::conformance_tests! { store, $rig, [
            a_batch_is_written_whole,
            a_header_is_new_only_once,
            a_turn_is_new_only_once,
            a_stale_version_is_refused,
            the_first_failing_condition_is_told_and_nothing_is_written,
            a_batch_for_another_partition_is_refused,
            of_sixteen_writers_with_one_version_one_wins,
            of_sixteen_writers_of_one_event_one_wins,
            another_handle_sees_what_was_acknowledged,
            a_message_of_the_same_id_is_replaced,
            what_is_missing_is_none,
            a_store_answers_a_ping,
            the_list_shows_pinned_first_then_newest,
            the_list_pages_without_loss_under_ties,
            the_list_gives_at_most_a_hundred,
            the_list_keeps_shelves_apart,
            the_list_is_one_persons_own,
            search_needs_every_word_in_title_or_messages,
            search_follows_changes_and_pages,
            messages_come_newest_first,
            messages_page_without_loss_under_ties,
            turns_come_oldest_first,
            a_foreign_cursor_is_refused,
            tenants_do_not_see_each_other,
            events_come_in_order_after_a_number,
            an_event_is_created_once,
            events_written_together_are_events_as_any,
            a_result_reads_back_whatever_its_size,
            the_newest_attempts_result_counts,
            running_turns_are_those_that_have_not_ended,
            turns_that_wait_for_a_sign_in_are_found,
            approvals_are_listed_newest_first_and_page,
            approvals_of_an_owner_tell_nothing_of_others,
            due_turns_come_longest_due_first,
            a_deleted_conversation_is_purgeable_once_its_turns_have_ended,
            a_purge_removes_everything_of_one_conversation,
            events_expire_and_turns_stay,
        ] }
    };
    (audit, $rig:expr) => {
        $crate::conformance_tests! { audit, $rig, [
            records_form_a_chain,
            an_id_is_written_once,
            what_was_never_written_is_none,
            chains_and_tenants_are_apart,
            sixteen_appenders_leave_no_gap_and_no_double,
            a_query_gives_the_newest_first,
            a_query_filters,
            a_query_pages_without_loss_under_ties,
            a_foreign_cursor_is_refused,
            opens_without_a_close_are_found_oldest_first,
            a_chain_is_closed_once_every_open_is,
        ] }
    };
    (digests, $rig:expr) => {
        $crate::conformance_tests! { digests, $rig, [
            what_no_digest_covers_is_unsealed,
            a_digest_seals_no_further_than_it_says,
            digests_of_tenants_are_apart,
            what_waits_longest_is_told_first,
            of_sixteen_digests_of_one_number_one_is_kept,
            another_handle_sees_what_is_sealed,
            digests_are_listed_newest_first_and_page,
            a_cursor_of_no_list_of_digests_is_refused,
        ] }
    };
    (config, $rig:expr) => {
        $crate::conformance_tests! { config, $rig, [
            a_document_is_begun_once,
            a_document_changes_under_the_version_that_was_read,
            a_number_is_taken_once,
            a_version_of_no_document_matches_nothing,
            documents_of_tenants_are_apart,
            the_history_is_told_newest_first,
            of_sixteen_changers_one_wins,
        ] }
    };
    (users, $rig:expr) => {
        $crate::conformance_tests! { users, $rig, [
            a_user_is_created_once,
            a_user_is_replaced_under_the_version_that_was_read,
            a_version_of_nobody_matches_nothing,
            users_are_apart,
            of_sixteen_creators_one_wins,
            a_user_reads_back_whole,
            people_are_listed_without_loss,
            the_list_of_people_filters,
            people_of_tenants_are_apart,
        ] }
    };
    (usage, $rig:expr) => {
        $crate::conformance_tests! { usage, $rig, [
            a_day_is_begun_once_and_changes_under_the_version_that_was_read,
            days_of_people_are_told_oldest_first,
            a_day_of_a_tenant_is_told_without_loss,
            days_that_are_long_past_are_gone,
            of_sixteen_counters_one_wins,
            a_budget_changes_under_the_version_that_was_read,
        ] }
    };
    (sessions, $rig:expr) => {
        $crate::conformance_tests! { sessions, $rig, [
            a_session_reads_back_as_it_was_written_last,
            sessions_page_without_loss,
            sessions_of_people_are_apart,
            a_forgotten_session_is_gone,
            a_session_in_which_nothing_happens_ends,
        ] }
    };
    (tokens, $rig:expr) => {
        $crate::conformance_tests! { tokens, $rig, [
            an_entry_reads_back_and_every_write_raises_its_version,
            a_lease_is_exclusive_until_it_ends,
            a_lease_can_be_taken_before_there_is_an_entry,
            a_write_ends_the_lease,
            of_sixteen_lessees_one_wins,
            an_entry_that_has_ended_is_gone,
            forgetting_removes_all_of_one_user,
        ] }
    };
    (secrets, $rig:expr) => {
        $crate::conformance_tests! { secrets, $rig, [
            a_secret_reads_back_as_it_was_written_last,
            a_secret_that_was_taken_is_gone,
            of_sixteen_takers_one_gets_it,
            a_secret_that_has_ended_is_gone,
        ] }
    };
    (processes of queue, $type:ty, $rig:expr) => {
        $crate::conformance_processes! {
            dyn $crate::queue::WorkQueue, $type, $rig,
            two_processes_never_hold_the_same_message
        }
    };
    (processes of store, $type:ty, $rig:expr) => {
        $crate::conformance_processes! {
            dyn $crate::store::ConversationStore, $type, $rig,
            two_processes_lose_no_compare_and_set
        }
    };
    (processes of audit, $type:ty, $rig:expr) => {
        $crate::conformance_processes! {
            dyn $crate::audit::AuditLog, $type, $rig,
            two_processes_write_one_chain
        }
    };
    (processes of tokens, $type:ty, $rig:expr) => {
        $crate::conformance_processes! {
            dyn $crate::tokens::TokenStore, $type, $rig,
            two_processes_never_hold_the_same_lease
        }
    };
}

/// One test per rule between processes, and the test that the other process runs; see
/// [`conformance!`](crate::conformance).
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_processes {
    ($port:ty, $type:ty, $rig:expr, $rule:ident) => {
        /// Not a test of its own: what a child does, when this program is one.
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn child_entry() {
            use $crate::conformance::{Shared, child, processes::Part};
            if let Some((part, place)) = child::part() {
                let opened = <$type as Shared<$port>>::open_at(&place).await;
                opened.play(&part).await;
            }
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $rule() {
            let rig: $type = $rig;
            let entry = $crate::conformance::child::test_of(module_path!(), "child_entry");
            $crate::conformance::processes::$rule(&rig, &entry).await;
        }
    };
}

/// One test per rule; see [`conformance!`](crate::conformance).
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_tests {
    ($suite:ident, $rig:expr, [$($rule:ident,)*]) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                let rig = $rig;
                $crate::conformance::$suite::$rule(&rig).await;
            }
        )*
    };
}

#[cfg(test)]
mod tests {
    /// A rule that the list forgets would never run.
    #[test]
    fn the_list_names_every_rule() {
        let list = include_str!("mod.rs");
        let sources = [
            include_str!("audit.rs"),
            include_str!("config.rs"),
            include_str!("digests.rs"),
            include_str!("processes.rs"),
            include_str!("queue.rs"),
            include_str!("secrets.rs"),
            include_str!("sessions.rs"),
            include_str!("store/batches.rs"),
            include_str!("store/lists.rs"),
            include_str!("store/logs.rs"),
            include_str!("store/sweeps.rs"),
            include_str!("tokens.rs"),
            include_str!("usage.rs"),
            include_str!("users.rs"),
        ];
        let mut rules = 0;
        for line in sources.iter().flat_map(|source| source.lines()) {
            if let Some(rest) = line.strip_prefix("pub async fn ") {
                let name = rest.split('(').next().unwrap_or_default();
                // As one of a suite, or as the rule of a port between processes.
                let ends = [",\n", "\n"].map(|end| format!("            {name}{end}"));
                assert!(
                    ends.iter().any(|line| list.contains(line)),
                    "{name} never runs"
                );
                rules += 1;
            }
        }
        assert!(rules > 60, "only {rules} rules were found");
    }
}
