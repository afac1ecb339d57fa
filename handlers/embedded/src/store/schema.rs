//! What lies in `azimuth.sqlite`.
//!
//! Ids locate themselves (`t_<owner>_<conversation>_…`), so what belongs to one
//! conversation is a range of ids and needs no index of its own to be purged.

/// One entry per version. Never edit one that was released.
///
/// - `conversations` is clustered by the order of the list, so that a page is
///   one short range read however many conversations there are. `shelf`:
///   0 a call without a model, 1 listed, 2 archived, 3 deleted, 4 on none. `folded` is
///   the title as search sees it.
/// - `turns.due_at` is `Turn::next_due_at`, null once the turn is terminal. One
///   index holds all open turns: the sweeper reads it whole, which costs less than
///   a second index that every write of every turn has to move its row in.
/// - `events.number` grows with time, so what is to expire comes first.
/// - `audit_unclosed` lists opens without a close, because the audit itself is
///   never changed and the sweeper must not read all of it.
pub(super) const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE conversations (
        tenant TEXT NOT NULL,
        owner TEXT NOT NULL,
        shelf INTEGER NOT NULL,
        pinned INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        id TEXT NOT NULL,
        etag INTEGER NOT NULL,
        deleted_at INTEGER,
        folded TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (tenant, owner, shelf, pinned, updated_at, id)
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX conversations_by_id ON conversations (tenant, id);
    CREATE INDEX conversations_deleted ON conversations (deleted_at)
        WHERE deleted_at IS NOT NULL;

    CREATE TABLE turns (
        number INTEGER PRIMARY KEY,
        tenant TEXT NOT NULL,
        id TEXT NOT NULL,
        owner TEXT NOT NULL,
        conversation TEXT NOT NULL,
        etag INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        due_at INTEGER,
        awaits_approval INTEGER NOT NULL,
        awaits_sign_in INTEGER NOT NULL,
        asked_for_approval INTEGER NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX turns_by_id ON turns (tenant, id);
    CREATE INDEX turns_by_conversation ON turns (tenant, conversation, created_at, id);
    CREATE INDEX turns_open ON turns (tenant, owner, conversation, id)
        WHERE due_at IS NOT NULL;
    CREATE INDEX turns_due ON turns (due_at, tenant, id)
        WHERE due_at IS NOT NULL;
    CREATE INDEX turns_awaiting_sign_in ON turns (tenant, owner, id)
        WHERE awaits_sign_in = 1;
    CREATE INDEX turns_awaiting_approval ON turns (tenant, created_at, id)
        WHERE awaits_approval = 1;
    CREATE INDEX turns_with_approvals ON turns (tenant, created_at, id)
        WHERE asked_for_approval = 1;

    CREATE TABLE messages (
        number INTEGER PRIMARY KEY,
        tenant TEXT NOT NULL,
        id TEXT NOT NULL,
        conversation TEXT NOT NULL,
        at INTEGER NOT NULL,
        folded TEXT NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX messages_by_id ON messages (tenant, id);
    CREATE INDEX messages_by_conversation ON messages (tenant, conversation, at);

    CREATE TABLE events (
        number INTEGER PRIMARY KEY,
        tenant TEXT NOT NULL,
        turn TEXT NOT NULL,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX events_by_turn ON events (tenant, turn, seq);
    CREATE INDEX events_by_time ON events (at);

    CREATE TABLE results (
        number INTEGER PRIMARY KEY,
        tenant TEXT NOT NULL,
        call TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        part INTEGER NOT NULL,
        media_type TEXT NOT NULL,
        truncated INTEGER NOT NULL,
        is_error INTEGER NOT NULL,
        bytes BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX results_by_call ON results (tenant, call, attempt, part);

    CREATE TABLE audit (
        tenant TEXT NOT NULL,
        chain TEXT NOT NULL,
        id TEXT NOT NULL,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        oid TEXT NOT NULL,
        kind TEXT NOT NULL,
        tool TEXT,
        outcome TEXT,
        turn TEXT,
        body TEXT NOT NULL,
        PRIMARY KEY (tenant, chain, id),
        UNIQUE (tenant, chain, seq)
    ) STRICT;
    CREATE INDEX audit_by_time ON audit (tenant, at, chain, seq);
    CREATE INDEX audit_by_person ON audit (tenant, oid, at, chain, seq);
    CREATE INDEX audit_by_tool ON audit (tenant, tool, at, chain, seq)
        WHERE tool IS NOT NULL;
    CREATE INDEX audit_by_turn ON audit (tenant, turn, at, chain, seq)
        WHERE turn IS NOT NULL;
    CREATE TABLE audit_unclosed (
        tenant TEXT NOT NULL,
        chain TEXT NOT NULL,
        id TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (tenant, chain, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX audit_unclosed_by_time ON audit_unclosed (at);

    CREATE TABLE users (
        tid TEXT NOT NULL,
        oid TEXT NOT NULL,
        etag INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (tid, oid)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE tokens (
        tid TEXT NOT NULL,
        oid TEXT NOT NULL,
        slot TEXT NOT NULL,
        sealed BLOB NOT NULL,
        expires_at INTEGER NOT NULL,
        version INTEGER NOT NULL,
        lease_holder TEXT,
        lease_until INTEGER,
        PRIMARY KEY (tid, oid, slot)
    ) STRICT;
    CREATE INDEX tokens_by_end ON tokens (expires_at);

    CREATE TABLE pings (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        at INTEGER NOT NULL
    ) STRICT;
",
    "
    DROP INDEX turns_awaiting_approval;
    DROP INDEX turns_with_approvals;
    CREATE INDEX turns_of_tenant_awaiting_approval ON turns (tenant, created_at)
        WHERE awaits_approval = 1;
    CREATE INDEX turns_of_tenant_with_approvals ON turns (tenant, created_at)
        WHERE asked_for_approval = 1;
    CREATE INDEX turns_of_owner_awaiting_approval ON turns (tenant, owner, created_at)
        WHERE awaits_approval = 1;
    CREATE INDEX turns_of_owner_with_approvals ON turns (tenant, owner, created_at)
        WHERE asked_for_approval = 1;
",
    "
    DROP INDEX turns_due;
    DROP INDEX turns_open;
    CREATE INDEX turns_open ON turns (tenant, owner, conversation, id, due_at)
        WHERE due_at IS NOT NULL;
    DROP INDEX events_by_time;
",
    super::digests::ANCHORS,
    super::config::TABLES,
    super::sessions::SESSIONS,
    super::secrets::SECRETS,
    super::usage::TABLES,
];
