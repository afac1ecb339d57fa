use serde_json::json;

use super::*;

const NOON: Timestamp = Timestamp(1_795_694_400_000);
const DEV: &str = "00000000-0000-4000-8000-0000000000b2";

fn alice() -> UserKey {
    UserKey::new("tenant-a", "alice")
}

fn id(number: usize) -> GrantId {
    GrantId(format!("{number:026}"))
}

fn scope() -> ApprovalScope {
    ApprovalScope {
        subscription: Some(DEV.to_owned()),
        resource_group: Some("rg".to_owned()),
        resource_id: None,
        same_call: false,
    }
}

/// A call, changed; whether the grant of another one covers it.
fn covers(given: impl Fn(&mut Call), wanted: impl Fn(&mut Call), now: Timestamp) -> bool {
    let (mut one, mut other) = (Call::default(), Call::default());
    given(&mut one);
    wanted(&mut other);
    ApprovalGrant::of(id(1), &one.wanted(), NOON).covers(&other.wanted(), now)
}

struct Call {
    asker: UserKey,
    tool: ToolRef,
    tool_hash: String,
    arguments: Value,
    target: Option<String>,
    scope: ApprovalScope,
}

impl Default for Call {
    fn default() -> Self {
        Self {
            asker: alice(),
            tool: ToolRef::new("azure", "thing_tag"),
            tool_hash: "h".to_owned(),
            arguments: json!({"name": "a", "tag": "x"}),
            target: Some("a".to_owned()),
            scope: scope(),
        }
    }
}

impl Call {
    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            asker: &self.asker,
            tool: &self.tool,
            tool_hash: &self.tool_hash,
            arguments: &self.arguments,
            target: self.target.as_deref(),
            scope: &self.scope,
        }
    }
}

#[test]
fn a_grant_covers_the_same_tool_at_the_same_place_and_nothing_else() {
    type Change = fn(&mut Call);
    let same = |_: &mut Call| {};
    assert!(covers(same, same, NOON));
    assert!(covers(
        same,
        |c| c.arguments = json!({"name": "a", "tag": "y"}),
        NOON
    ));
    let others: [(&str, Change); 8] = [
        ("asker", |c| c.asker = UserKey::new("tenant-a", "bob")),
        ("tenant", |c| c.asker = UserKey::new("tenant-b", "alice")),
        ("tool", |c| c.tool.name = "thing_create".to_owned()),
        ("server", |c| c.tool.server = "other".to_owned()),
        ("hash", |c| c.tool_hash = "other".to_owned()),
        ("target", |c| c.target = Some("b".to_owned())),
        ("subscription", |c| c.scope.subscription = None),
        ("group", |c| {
            c.scope.resource_group = Some("other".to_owned());
        }),
    ];
    for (what, change) in others {
        assert!(!covers(same, change, NOON), "{what}");
        assert!(!covers(change, same, NOON), "{what}");
    }
    let with_id = |c: &mut Call| c.scope.resource_id = Some("/subscriptions/x".to_owned());
    assert!(!covers(same, with_id, NOON));
}

#[test]
fn where_only_the_same_call_is_covered_one_other_argument_is_too_much() {
    let exact = |c: &mut Call| c.scope.same_call = true;
    let same = |_: &mut Call| {};
    let other = |c: &mut Call| c.arguments = json!({"name": "a", "tag": "y"});
    let reordered = |c: &mut Call| c.arguments = json!({"tag": "x", "name": "a"});
    for given in [exact, same] {
        assert!(covers(given, exact, NOON));
        assert!(
            covers(given, reordered, NOON),
            "the order of members is none"
        );
    }
    assert!(!covers(exact, other, NOON));
    let tainted = |c: &mut Call| {
        c.scope.same_call = true;
        c.arguments = json!({"name": "a", "tag": "y"});
    };
    assert!(!covers(same, tainted, NOON));
}

#[test]
fn a_grant_lives_eight_hours_whatever_it_says() {
    assert_eq!(GRANT_TTL_MS, 8 * 60 * 60 * 1000);
    let same = |_: &mut Call| {};
    for (ms, alive) in [
        (GRANT_TTL_MS - 1, true),
        (GRANT_TTL_MS, false),
        (GRANT_TTL_MS + 1, false),
    ] {
        assert_eq!(covers(same, same, NOON.plus_ms(ms)), alive, "{ms}");
    }
    let mut grant = ApprovalGrant::of(id(1), &Call::default().wanted(), NOON);
    grant.expires_at = NOON.plus_ms(10 * GRANT_TTL_MS);
    assert!(!grant.is_alive(NOON.plus_ms(GRANT_TTL_MS)));
}

#[test]
fn a_conversation_holds_so_many_and_forgets_what_is_over() {
    let grant = |number: usize, now| {
        let call = Call {
            target: Some(format!("thing-{number}")),
            ..Call::default()
        };
        ApprovalGrant::of(id(number), &call.wanted(), now)
    };
    let mut grants = Vec::new();
    for number in 0..MAX_GRANTS {
        assert_eq!(
            add(&mut grants, grant(number, NOON), NOON),
            Ok(()),
            "{number}"
        );
    }
    let more = grant(MAX_GRANTS, NOON);
    assert_eq!(
        add(&mut grants, more.clone(), NOON),
        Err(GrantRefused::TooMany)
    );
    // One for the same calls takes the place of the old one.
    let again = ApprovalGrant {
        id: id(99),
        ..grant(0, NOON.plus_ms(1))
    };
    assert_eq!(add(&mut grants, again.clone(), NOON.plus_ms(1)), Ok(()));
    assert_eq!(grants.len(), MAX_GRANTS);
    assert!(grants.contains(&again) && !grants.contains(&grant(0, NOON)));
    let later = NOON.plus_ms(GRANT_TTL_MS + 1);
    assert_eq!(add(&mut grants, more.clone(), later), Ok(()));
    assert_eq!(grants, [more], "the others no longer count");
}

#[test]
fn a_grant_has_an_end() {
    let fits = |bytes: usize| {
        let mut call = Call {
            target: Some(String::new()),
            ..Call::default()
        };
        let empty = ApprovalGrant::of(id(1), &call.wanted(), NOON);
        let size = serde_json::to_vec(&empty).map_or(0, |bytes| bytes.len());
        call.target = Some("x".repeat(bytes - size));
        let grant = ApprovalGrant::of(id(1), &call.wanted(), NOON);
        add(&mut Vec::new(), grant, NOON).is_ok()
    };
    assert!(fits(MAX_GRANT_BYTES - 1) && fits(MAX_GRANT_BYTES) && !fits(MAX_GRANT_BYTES + 1));
}

#[test]
fn an_id_is_a_ulid_in_lower_case() {
    assert!(GrantId::parse(&"a1".repeat(13)).is_some());
    for bad in [
        String::new(),
        "a".repeat(25),
        "a".repeat(27),
        "A".repeat(26),
    ] {
        assert!(GrantId::parse(&bad).is_none(), "{bad}");
    }
}

#[test]
fn a_tool_is_always_allowed_as_it_was() {
    let allowed = AlwaysAllowed {
        tool: ToolRef::new("azure", "thing_tag"),
        tool_hash: "h".to_owned(),
        at: NOON,
    };
    for (server, name, hash, expected) in [
        ("azure", "thing_tag", "h", true),
        ("azure", "thing_tag", "i", false),
        ("azure", "thing_tags", "h", false),
        ("other", "thing_tag", "h", false),
    ] {
        let tool = ToolRef::new(server, name);
        assert_eq!(
            allowed.is_of(&tool, hash),
            expected,
            "{server} {name} {hash}"
        );
    }
}
